// limits.ts - how long a text may be where it will stand.
import type { Lengths, LengthLimit, Options } from '../api/types';

export function limitOf(options: Options, platform: string, field: string): LengthLimit | undefined {
  return options.limits.find((limit) => limit.platform === platform && limit.field === field);
}

export interface Count {
  used: number;
  min: number | null;
  max: number | null;
  state: 'short' | 'fits' | 'long';
}
/** The count in the unit of the limit; without one, in code points. */
export function countOf(lengths: Lengths, limit: LengthLimit | undefined): Count {
  const unit = limit && limit.unit !== 'lines' ? limit.unit : 'code_points';
  const used = lengths[unit];
  const min = limit?.min ?? null;
  const max = limit?.max ?? null;
  const state = max !== null && used > max ? 'long' : min !== null && used < min ? 'short' : 'fits';
  return { used, min, max, state };
}
