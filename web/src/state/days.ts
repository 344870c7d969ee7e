// days.ts - calendar days without a clock: 2026-11-30 and what lies before it.

const kDayMs = 86_400_000;
const msOf = (day: string) => Date.parse(`${day}T00:00:00Z`);

/** The day of a moment on the clock of this browser. */
export function dayOf(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
export function addDays(day: string, days: number): string {
  return new Date(msOf(day) + days * kDayMs).toISOString().slice(0, 10);
}
/** Days from one to the other, both counted. */
export function countDays(from: string, to: string): number {
  return Math.round((msOf(to) - msOf(from)) / kDayMs) + 1;
}
