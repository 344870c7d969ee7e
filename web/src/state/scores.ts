// scores.ts - what the order of candidates is made of, part by part, beside the template's text.
import type { Explanation, ScorePart } from '../api/types';

export interface ScoreRow {
  name: ScorePart['name'];
  part?: ScorePart | undefined;
  worth?: number | undefined; // value times weight; undefined = nobody has scored it
  baseline?: number | undefined;
}
const kParts: ScorePart['name'][] = ['coverage', 'agreement', 'fluency', 'repetition', 'ranker'];

/** A row for each part that can be, also where this text or the template has none of it. */
export function scoreRows({ parts, baseline }: Pick<Explanation, 'parts' | 'baseline'>): ScoreRow[] {
  const worth = (part: ScorePart | undefined) => part && part.value * part.weight;
  return kParts.map((name) => {
    const part = parts.find((one) => one.name === name);
    return { name, part, worth: worth(part), baseline: worth(baseline.parts.find((one) => one.name === name)) };
  });
}
