// pick_clock.ts - how long an operator looked before choosing.

const kLongestPauseMs = 60_000;

/** Milliseconds from showing to now; of a longer pause only its first minute counts. */
export class PickClock {
  private spentMs = 0;
  private lastMs: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.lastMs = now();
  }
  /** Called at each movement of the operator. */
  touch(): void {
    const nowMs = this.now();
    this.spentMs += Math.min(nowMs - this.lastMs, kLongestPauseMs);
    this.lastMs = nowMs;
  }
  read(): number {
    this.touch();
    return Math.round(this.spentMs);
  }
}
