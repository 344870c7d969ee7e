// http.ts - the one place that calls fetch.
import type { Problem } from './types';

/** What a request failed with. `code` is stable; `offline` = no answer came. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
  get code(): string {
    return this.problem.code;
  }
}

export interface RequestOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown; // JSON, or FormData as it is
  idempotencyKey?: string;
}

let csrfToken = '';
let language = 'zh';
let signedOut = () => {};
export function setCsrfToken(token: string): void {
  csrfToken = token;
}
/** What happens when the server says that the session is over. */
export function onSignedOut(action: () => void): void {
  signedOut = action;
}
export function setAcceptLanguage(value: string): void {
  language = value;
}

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const answer = await send(method, path + queryOf(options.query), options);
  if (!answer.ok) {
    const error = new ApiError(await problemOf(answer));
    if (error.code === 'not_signed_in') signedOut();
    throw error;
  }
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function send(method: string, address: string, { body, idempotencyKey }: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { 'Accept-Language': language };
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken;
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json';
  try {
    return await fetch(address, { method, headers, body: isForm ? body : JSON.stringify(body), credentials: 'same-origin' });
  } catch {
    throw new ApiError({ type: 'about:blank', title: 'offline', status: 0, code: 'offline', request_id: '' });
  }
}

function queryOf(query: RequestOptions['query'] = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return set.length ? '?' + new URLSearchParams(set.map(([name, value]) => [name, String(value)])) : '';
}

async function problemOf(answer: Response): Promise<Problem> {
  const problem = await answer.json().catch(() => null);
  if (problem?.code) return problem;
  return { type: 'about:blank', title: answer.statusText, status: answer.status, code: 'no_problem_document', request_id: '' };
}
