// desk_memory.ts - which of the candidates that a product has stand on the desk when it is opened.
import type { Candidate } from '../api/types';

const kMostOnDesk = 8;

/** Of candidates, newest first: those of the last request for several, with what was written anew since; at most as many as the desk shows. */
export function lastOnDesk(newestFirst: readonly Candidate[]): Candidate[] {
  const taken: Candidate[][] = [];
  for (const candidate of newestFirst) {
    const job = taken.at(-1);
    if (job?.[0]?.job_id === candidate.job_id) job.push(candidate);
    else if (job && job.length > 1) break;
    else taken.push([candidate]);
  }
  const inTime = taken.toReversed().flatMap((job) => job.toSorted((a, b) => a.index - b.index));
  return inTime.slice(0, kMostOnDesk);
}

/** The order that a job gave its texts; those of other jobs stay behind them. */
export function inOrderOf(candidates: readonly Candidate[], ids: readonly string[]): Candidate[] {
  const place = (one: Candidate) => (ids.includes(one.id) ? ids.indexOf(one.id) : ids.length);
  return candidates.toSorted((a, b) => place(a) - place(b));
}
