// resource.svelte.ts - something that is loaded, may fail, and can be loaded again.
import { explain } from './notices.svelte';

export class Resource<T> {
  value = $state<T>();
  error = $state('');
  loading = $state(false);
  private turn = 0;

  constructor(private readonly fetchIt: () => Promise<T>) {}

  /** The last call wins, whatever order the answers come in. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    try {
      const value = await this.fetchIt();
      if (turn === this.turn) [this.value, this.error] = [value, ''];
    } catch (error) {
      if (turn === this.turn) this.error = explain(error);
    }
    if (turn === this.turn) this.loading = false;
  }
}
