// spans.ts - a text cut where its findings begin and end.
import type { Claim, Hit } from '../api/types';

/** How a piece of text looks: by the weightiest finding on it. */
export type Tone = 'block' | 'needs_proof' | 'warn' | 'supported' | 'harmless';
export interface Mark {
  begin: number; // code points, half-open
  end: number;
  tone: Tone;
  hit?: Hit;
  claim?: Claim;
}
export interface Segment {
  text: string;
  marks: Mark[]; // the weightiest first; none = plain
}

const kWeight: Record<Tone, number> = { harmless: 0, supported: 1, warn: 2, needs_proof: 3, block: 4 };

function toneOfHit(hit: Hit): Tone {
  return hit.level === 'block' || hit.level === 'needs_proof' ? hit.level : 'warn';
}
function toneOfClaim(claim: Claim): Tone {
  if (claim.support === 'entailed') return 'supported';
  return claim.support === 'harmless' ? 'harmless' : 'warn'; // what blocks has a hit of its own
}

/** The findings that stand in a text. A claim that nothing supports has its own hit: the two are one mark. */
export function marksOf(hits: readonly Hit[], claims: readonly Claim[]): Mark[] {
  const marks: Mark[] = hits.map((hit) => ({ begin: hit.span[0]!, end: hit.span[1]!, tone: toneOfHit(hit), hit }));
  for (const claim of claims) {
    const [begin, end] = claim.span as [number, number];
    const same = marks.find((mark) => mark.begin === begin && mark.end === end);
    if (same) same.claim = claim;
    else marks.push({ begin, end, tone: toneOfClaim(claim), claim });
  }
  return marks;
}

/** Whether a mark is about the text as a whole: a warning that is missing, a length. */
export function isAboutWhole(mark: Mark, length: number): boolean {
  return mark.begin === mark.end || (mark.begin === 0 && mark.end >= length);
}

export function segmentsOf(text: string, marks: readonly Mark[]): Segment[] {
  const points = [...text];
  const placed = marks.filter((mark) => !isAboutWhole(mark, points.length) && mark.end <= points.length);
  const cuts = [...new Set([0, points.length, ...placed.flatMap((mark) => [mark.begin, mark.end])])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => ({
    text: points.slice(cuts[i], end).join(''),
    marks: placed.filter((mark) => mark.begin <= cuts[i]! && mark.end >= end).sort((a, b) => kWeight[b.tone] - kWeight[a.tone]),
  }));
}

/** The text with a span of it replaced. */
export function replaceSpan(text: string, [begin, end]: readonly [number, number], by: string): string {
  const points = [...text];
  return points.slice(0, begin).join('') + by + points.slice(end).join('');
}
