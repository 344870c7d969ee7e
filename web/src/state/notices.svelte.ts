// notices.svelte.ts - short notes at the edge of the page: said in the language that the page has when they are read.
import { ApiError } from '../api/http';
import type { Problem } from '../api/types';
import { explainProblem } from './problems';

export interface Notice {
  id: number;
  text: () => string;
  isError: boolean;
}
const kShortestMs = 4000;
const kMsOfACharacter = 120;
const kPlainAtOnce = 2;
const state = $state({ notices: [] as Notice[] });
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

export function notices(): readonly Notice[] {
  return state.notices;
}
export function dismiss(id: number): void {
  hold(id);
  state.notices = state.notices.filter((notice) => notice.id !== id);
}
export function dismissAll(): void {
  for (const { id } of state.notices) dismiss(id);
}
/** Errors are about what was done last: they leave with the page, or when it is done anew. */
export function dismissErrors(): void {
  for (const { id, isError } of state.notices) if (isError) dismiss(id);
}
/** Somebody reads it: it stays until it is let go. */
export function hold(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}
/** A plain note leaves after the time that it takes to read it; an error stays until it is dismissed. */
export function letGo(id: number): void {
  hold(id);
  const notice = state.notices.find((one) => one.id === id);
  if (!notice || notice.isError) return;
  timers.set(
    id,
    setTimeout(() => dismiss(id), Math.max(kShortestMs, kMsOfACharacter * notice.text().length)),
  );
}
/** `text` is asked for whenever the note is shown, so that it follows the language of the page. */
export function say(text: () => string, isError = false): void {
  const notice = { id: ++last, text, isError };
  for (const same of state.notices.filter((one) => one.text() === text())) dismiss(same.id);
  const plain = state.notices.filter((one) => !one.isError);
  for (const old of plain.slice(0, Math.max(0, plain.length + 1 - kPlainAtOnce))) if (!isError) dismiss(old.id);
  state.notices = [...state.notices, notice];
  letGo(notice.id);
}

/** The error of the server that was caught. A bug of ours is thrown on. */
export function apiErrorOf(caught: unknown): ApiError {
  if (!(caught instanceof ApiError)) throw caught;
  return caught;
}
/** What happened and what to do, in the language of the page; '' = nothing. */
export function explain(error: ApiError | undefined): string {
  return error ? explainProblem(error.problem) : '';
}
export function complain(caught: unknown): void {
  const error = apiErrorOf(caught);
  say(() => explain(error), true);
}
/** Says why a job failed, where it did. */
export function complainOf(job: { problem?: Problem } | undefined): void {
  const problem = job?.problem;
  if (problem) say(() => explainProblem(problem), true);
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
