// points.ts - what an operator does with selling points: order, pin, drop. Points are named as `write --pin` names them.
import type { Factors, Plan } from '../api/types';

export interface PointName {
  key: string;
  value: string;
}
export function nameOf(point: PointName): string {
  return `${point.key}#${point.value}`;
}

/** The points that can be moved: all but the subject. */
export function movablePoints(plan: Plan) {
  return plan.points.slice(1);
}

/** The factors with the point moved to a place among the movable ones. */
export function moved(factors: Factors, plan: Plan, from: number, to: number): Factors {
  const names = movablePoints(plan).map(nameOf);
  if (to < 0 || to >= names.length) return factors;
  names.splice(to, 0, ...names.splice(from, 1));
  return { ...factors, order: names };
}
export function pinToggled(factors: Factors, name: string): Factors {
  const pin = factors.pin.includes(name) ? factors.pin.filter((one) => one !== name) : [...factors.pin, name];
  return { ...factors, pin };
}
export function dropped(factors: Factors, name: string): Factors {
  const without = (names: string[]) => names.filter((one) => one !== name);
  return { ...factors, drop: [...factors.drop, name], pin: without(factors.pin), order: without(factors.order) };
}
export function restored(factors: Factors, name: string): Factors {
  return { ...factors, drop: factors.drop.filter((one) => one !== name) };
}
