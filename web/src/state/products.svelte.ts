// products.svelte.ts - the list of products: search, state, more.
import * as api from '../api/client';
import type { ApiError } from '../api/http';
import type { CopyState, ProductEntry } from '../api/types';
import { apiErrorOf, attempt, explain, say } from './notices.svelte';
import { t } from './words.svelte';

export class ProductList {
  q = $state('');
  copyState = $state<CopyState | ''>('');
  items = $state.raw<ProductEntry[]>([]);
  counts = $state.raw<Record<string, number>>({});
  total = $state(0);
  next = $state<string>();
  private failure = $state.raw<ApiError>();
  loaded = $state(false);
  private turn = 0;

  get error(): string {
    return explain(this.failure);
  }
  async load(cursor?: string): Promise<void> {
    const turn = ++this.turn;
    try {
      const page = await api.listProducts({ q: this.q, state: this.copyState, cursor });
      if (turn !== this.turn) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      [this.counts, this.total, this.next, this.failure] = [page.counts, page.total, page.next, undefined];
    } catch (error) {
      if (turn === this.turn) this.failure = apiErrorOf(error);
    }
    this.loaded = true;
  }
}

/** The first other product that has no copy, else one that has only candidates; '' = all is done. */
export async function nextProductId(currentId: string): Promise<string> {
  for (const state of ['empty', 'written'] as const) {
    const page = await attempt(() => api.listProducts({ state, limit: 2 }));
    const other = page?.items.find((entry) => entry.product.id !== currentId);
    if (other) return other.product.id;
  }
  say(() => t('writer.allDone'));
  return '';
}
