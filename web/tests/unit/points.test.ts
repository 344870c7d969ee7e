import { describe, expect, it } from 'vitest';
import { example } from '../../fake/contract.mjs';
import type { Factors, Plan } from '../../src/api/types';
import { PickClock } from '../../src/state/pick_clock';
import { dropped, moved, pinToggled, restored } from '../../src/state/points';

const plan: Plan = example('Plan');
const factors: Factors = { ...example('Factors'), pin: [], order: [], drop: [] };

describe('selling points', () => {
  it('keep the whole order once one is moved, the subject aside', () => {
    expect(moved(factors, plan, 1, 0).order).toEqual(['颜色#墨绿色', '材质#蚕丝', '裙袖长#七分袖', '裙领型#v领', '版型#显瘦']);
  });
  it('do not move beyond the ends', () => {
    expect(moved(factors, plan, 0, -1)).toBe(factors);
    expect(moved(factors, plan, 4, 5)).toBe(factors);
  });
  it('lose pin and place when they are dropped, and come back without them', () => {
    const out = dropped({ ...factors, pin: ['颜色#墨绿色'], order: ['颜色#墨绿色', '材质#蚕丝'] }, '颜色#墨绿色');
    expect(out).toMatchObject({ pin: [], order: ['材质#蚕丝'], drop: ['颜色#墨绿色'] });
    expect(restored(out, '颜色#墨绿色').drop).toEqual([]);
  });
  it('are pinned and let go', () => {
    const once = pinToggled(factors, '材质#蚕丝');
    expect(once.pin).toEqual(['材质#蚕丝']);
    expect(pinToggled(once, '材质#蚕丝').pin).toEqual([]);
  });
});

describe('the clock of a pick', () => {
  it('counts of a long pause its first minute', () => {
    let nowMs = 1000;
    const clock = new PickClock(() => nowMs);
    nowMs += 4000;
    clock.touch();
    nowMs += 600_000;
    clock.touch();
    nowMs += 500;
    expect(clock.read()).toBe(64_500);
  });
});
