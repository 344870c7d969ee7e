// browser.ts - what the state of the page needs of a browser, for tests that run without one.
import { vi } from 'vitest';

const stored = new Map<string, string>();
vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value) });
vi.stubGlobal('document', { documentElement: { lang: 'zh-CN', dataset: {} }, querySelector: () => null });
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('window', { addEventListener: () => {} });

/** An EventSource that says what a test lets it say. */
export class FakeEventSource {
  static readonly CLOSED = 2;
  static readonly open: FakeEventSource[] = [];
  readonly readyState = 1;
  isClosed = false;
  private readonly listeners = new Map<string, (message: { data: string }) => void>();

  constructor(readonly address: string) {
    FakeEventSource.open.push(this);
  }
  addEventListener(event: string, listener: (message: { data: string }) => void): void {
    this.listeners.set(event, listener);
  }
  say(event: string, data: unknown): void {
    this.listeners.get(event)?.({ data: JSON.stringify(data) });
  }
  close(): void {
    this.isClosed = true;
  }
}
vi.stubGlobal('EventSource', FakeEventSource);

export interface SentRequest {
  method: string;
  path: string;
  body: any;
  headers: Record<string, string>;
}
/** Answers requests from a table of `METHOD path` (without query); returns the list of what was sent. */
export function stubFetch(answers: Record<string, unknown | ((request: SentRequest) => unknown)>): SentRequest[] {
  const sent: SentRequest[] = [];
  vi.stubGlobal('fetch', async (address: string, { method, body, headers }: { method: string; body?: string; headers: Record<string, string> }) => {
    const request = { method, path: address.split('?')[0]!, body: body === undefined ? undefined : JSON.parse(body), headers };
    sent.push(request);
    const answer = answers[`${method} ${request.path}`];
    const value = typeof answer === 'function' ? answer(request) : answer;
    const status = answer === undefined ? 404 : ((value as { status?: number }).status ?? 200);
    return { ok: status < 400, status, statusText: '', json: async () => value ?? { code: 'unknown', title: 'unknown', status } };
  });
  return sent;
}
