// live_check.svelte.ts - a text that somebody is editing, checked again a moment after each change.
import * as api from '../api/client';
import type { ApiError } from '../api/http';
import type { CheckReport, CheckRequest } from '../api/types';
import { apiErrorOf, explain } from './notices.svelte';

const kPauseMs = 250;

export class LiveCheck {
  report = $state<CheckReport>();
  pending = $state(false);
  private failure = $state.raw<ApiError>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(private readonly check: (body: CheckRequest) => Promise<CheckReport> = api.checkText) {}

  get error(): string {
    return explain(this.failure);
  }
  /** Asks a moment later; an answer that a newer request has overtaken is passed over. */
  request(body: CheckRequest): void {
    clearTimeout(this.timer);
    this.pending = true;
    const turn = ++this.turn;
    this.timer = setTimeout(() => void this.run(body, turn), kPauseMs);
  }
  private async run(body: CheckRequest, turn: number): Promise<void> {
    try {
      const report = await this.check(body);
      if (turn === this.turn) [this.report, this.failure] = [report, undefined];
    } catch (error) {
      if (turn === this.turn) this.failure = apiErrorOf(error);
    }
    if (turn === this.turn) this.pending = false;
  }
}
