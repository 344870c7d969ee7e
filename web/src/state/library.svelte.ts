// library.svelte.ts - presets, boards, history, and the way back to the settings of something.
import * as api from '../api/client';
import type { ApiError } from '../api/http';
import type { Board, Candidate, Factors, Preset, Recall } from '../api/types';
import { newId } from './ids';
import { apiErrorOf, attempt, explain, say } from './notices.svelte';
import { go } from './route.svelte';
import { t } from './words.svelte';
import { writer } from './writer.svelte';

export class Library {
  presets = $state.raw<Preset[]>([]);
  boards = $state.raw<Board[]>([]);
  q = $state('');
  boardId = $state('');
  history = $state.raw<Candidate[]>([]);
  next = $state<string>();
  private failure = $state.raw<ApiError>();
  loaded = $state(false);

  get error(): string {
    return explain(this.failure);
  }
  async loadPresets(): Promise<void> {
    this.presets = (await attempt(api.listPresets))?.items ?? this.presets;
  }
  async loadBoards(): Promise<void> {
    this.boards = (await attempt(api.listBoards))?.items ?? this.boards;
  }
  async loadHistory(cursor?: string): Promise<void> {
    try {
      const page = await api.listCandidates({ q: this.q, board_id: this.boardId, cursor, limit: 24 });
      this.history = cursor ? [...this.history, ...page.items] : page.items;
      [this.next, this.failure] = [page.next, undefined];
    } catch (error) {
      this.failure = apiErrorOf(error);
    }
    this.loaded = true;
  }

  /** Keeps what holds for any product: points are left out. */
  async keepPreset(name: string, factors: Factors): Promise<void> {
    const preset = { id: newId(), name, factors: { ...factors, pin: [], order: [], drop: [] } };
    if (await attempt(() => api.putPreset(preset))) say(() => t('preset.kept', { name }));
    await this.loadPresets();
  }
  async removePreset(id: string): Promise<void> {
    await attempt(() => api.removePreset(id));
    await this.loadPresets();
  }
  async addBoard(name: string): Promise<void> {
    await attempt(() => api.putBoard({ id: newId(), name, candidate_ids: [] }));
    await this.loadBoards();
  }
  async removeBoard(id: string): Promise<void> {
    await attempt(() => api.removeBoard(id));
    if (this.boardId === id) this.boardId = '';
    await this.loadBoards();
  }
  /** Puts a candidate on a board, or takes it off. */
  async toggleOnBoard(board: Board, candidateId: string): Promise<void> {
    const has = board.candidate_ids.includes(candidateId);
    const candidate_ids = has ? board.candidate_ids.filter((id) => id !== candidateId) : [...board.candidate_ids, candidateId];
    if (await attempt(() => api.putBoard({ ...board, candidate_ids }))) say(() => t(has ? 'board.removed' : 'board.added', { name: board.name }));
    await this.loadBoards();
  }

  async recall(candidateId: string): Promise<void> {
    await this.open(await attempt(() => api.recallCandidate(candidateId)));
  }
  async recallFile(file: File): Promise<void> {
    await this.open(await attempt(() => api.recallFile(file)));
  }
  /** Puts product, factors and seed back on the writer's desk. */
  private async open(recall: Recall | undefined): Promise<void> {
    if (!recall) return;
    if (recall.missing.length) say(() => t('recall.missing', { names: recall.missing.join('、') }), true);
    if (recall.product_id === null) return say(() => t('recall.noProduct'), true);
    await writer.open(recall.product_id, recall.factors ?? undefined);
    if (recall.request.kind === 'write') [writer.seed, writer.count] = [recall.request.seed, recall.request.num_return_sequences];
    go('writer', recall.product_id);
    say(() => t('recall.done'));
  }
}
export const library = new Library();
