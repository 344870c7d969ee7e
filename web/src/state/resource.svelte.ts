// resource.svelte.ts - something that is loaded, may fail, and can be loaded again.
import type { ApiError } from '../api/http';
import { apiErrorOf, explain } from './notices.svelte';

export class Resource<T> {
  value = $state<T>();
  private failure = $state.raw<ApiError>();
  loading = $state(false);
  private turn = 0;

  constructor(private readonly fetchIt: () => Promise<T>) {}

  get error(): string {
    return explain(this.failure);
  }
  /** The last call wins, whatever order the answers come in. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    try {
      const value = await this.fetchIt();
      if (turn === this.turn) [this.value, this.failure] = [value, undefined];
    } catch (error) {
      if (turn === this.turn) this.failure = apiErrorOf(error);
    }
    if (turn === this.turn) this.loading = false;
  }
}
