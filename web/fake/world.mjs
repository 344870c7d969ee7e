// world.mjs - what the fake server holds: one shop, in memory.
import { createHash } from 'node:crypto';
import { example } from './contract.mjs';

export const kAccounts = [
  { id: 'u1', name: 'writer', password: 'writer-password', role: 'writer' },
  { id: 'u2', name: 'reviewer', password: 'reviewer-password', role: 'reviewer' },
  { id: 'u3', name: 'admin', password: 'admin-password', role: 'admin' },
];

export function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
export function now() {
  return new Date().toISOString();
}

export class Refusal extends Error {
  constructor(status, code, title, more = {}) {
    super(title);
    this.problem = { type: `/problems/${code}`, title, status, code, request_id: 'req-fake', ...more };
  }
}
export function refuse(status, code, title, more) {
  throw new Refusal(status, code, title, more);
}

/** delayMs: between two events of a job. */
export function makeWorld({ delayMs }) {
  const model = example('Model');
  return {
    delayMs,
    lastId: 100,
    users: kAccounts.map(({ id, name, role }) => ({ id, name, role, active: true, created_at: now(), seen_at: now() })),
    passwords: new Map(kAccounts.map(({ name, password }) => [name, password])),
    sessions: new Map(),
    failures: new Map(),
    shop: example('Shop'),
    tokens: [],
    imports: new Map(),
    entries: new Map(), // product id → ProductEntry
    plans: new Map(),
    jobs: new Map(), // id → {job, log, followers, run}
    keys: new Map(), // idempotency key → {body, job}
    candidates: new Map(),
    pictures: new Map(), // candidate id → share that is drawn
    picks: new Map(),
    reviews: new Map(),
    audit: [],
    exports: new Map(), // id → {record, bytes}
    presets: new Map(),
    boards: new Map(),
    models: [{ ...model }, { ...model, id: 'm-2', name: 'copy-round-2', round: 2, state: 'serving', gate: undefined, sha256: sha256('m2') }, { ...model, id: 'm-1', name: 'copy-mini', round: 0, state: 'former', gate: undefined, sha256: sha256('m1') }],
    rounds: [example('Round')],
  };
}

export function newId(world, prefix) {
  return `${prefix}-${++world.lastId}`;
}
export function note(world, user, action, subject, before, after) {
  world.audit.unshift({ id: newId(world, 'a'), time: now(), user: user.name, action, subject, before, after });
}
/** Sets the state of a product's copy. */
export function setCopyState(world, productId, state, copy) {
  const entry = world.entries.get(productId);
  Object.assign(entry, { state, updated_at: now(), ...(copy === undefined ? {} : { copy }) });
}
/** A page of a list: `cursor` is the place of its first item. */
export function pageOf(items, { cursor = '0', limit = '50' }) {
  const begin = Number(cursor);
  const end = begin + Number(limit);
  return { items: items.slice(begin, end), ...(end < items.length ? { next: String(end) } : {}) };
}
