// notices.svelte.ts - short notes at the edge of the page, and what an error says to people.
import { ApiError } from '../api/http';
import { formatTime, t } from './words.svelte';
import { zh, type Word } from '../words/zh';

export interface Notice {
  id: number;
  text: string;
  isError: boolean;
}
const kShownMs = 4000;
const state = $state({ notices: [] as Notice[] });
let last = 0;

export function notices(): readonly Notice[] {
  return state.notices;
}
export function dismiss(id: number): void {
  state.notices = state.notices.filter((notice) => notice.id !== id);
}
export function say(text: string, isError = false): void {
  const id = ++last;
  state.notices = [...state.notices.slice(-1), { id, text, isError }];
  if (!isError) setTimeout(() => dismiss(id), kShownMs);
}

/** What happened and what to do, in the language of the page. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  const { problem } = error;
  const word = `error.${problem.code}`;
  const own = word in zh ? t(word as Word, { time: problem.reset_at ? formatTime(problem.reset_at) : '' }) : '';
  const fields = (problem.errors ?? []).map((one) => `${one.field} ${one.detail}`).join('；');
  return [own || problem.title, own ? '' : problem.detail, fields].filter(Boolean).join(' · ');
}
export function complain(error: unknown): void {
  say(explain(error), true);
}
/** Runs what a click asks for; an error of the server becomes a notice. */
export async function attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    complain(error);
    return undefined;
  }
}
