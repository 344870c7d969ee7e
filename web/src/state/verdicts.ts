// verdicts.ts - what the checks say of a text, beside the rules that it hits.
import type { Candidate, Claim, Hit, Verdict } from '../api/types';

export interface Judged {
  verdict?: Verdict | undefined;
  hits?: readonly Hit[] | undefined;
  claims?: readonly Claim[] | undefined;
  faults?: Candidate['faults'];
  like?: Candidate['like'];
  keywords?: Candidate['keywords'];
}

/** Claims that nothing supports and that no rule has hit where they stand. */
function unproved({ claims = [], hits = [] }: Judged): Claim[] {
  const isHit = (claim: Claim) => hits.some((hit) => hit.span[0] === claim.span[0] && hit.span[1] === claim.span[1]);
  return claims.filter((claim) => (claim.support === 'unsupported' || claim.support === 'contradicted') && !isHit(claim));
}
/** How many things other than hits of rules somebody should look at before the text leaves. */
export function doubtsOf(judged: Judged): number {
  return unproved(judged).length + (judged.faults?.length ?? 0) + Number(Boolean(judged.like)) + Number(judged.keywords?.stuffed ?? false);
}
export type ChipTone = 'good' | 'warn' | 'proof' | 'block' | '';
const kTones = { no_hit: 'good', warn: 'warn', needs_proof: 'proof', block: 'block' } as const;

/** Green is only what no check has found anything in. */
export function toneOf(verdict: Verdict, doubts: number): ChipTone {
  return verdict === 'no_hit' && doubts > 0 ? 'warn' : kTones[verdict];
}
