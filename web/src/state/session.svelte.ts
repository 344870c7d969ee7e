// session.svelte.ts - who works here, and what the server offers.
import * as api from '../api/client';
import { onSignedOut, setCsrfToken } from '../api/http';
import type { Options, Role, Session, Shop } from '../api/types';
import { complain, dismissAll } from './notices.svelte';

const state = $state({ session: null as Session | null, options: null as Options | null, ready: false });
let lastUserId = '';
const kRank: Record<Role, number> = { writer: 0, reviewer: 1, admin: 2 };

export function session(): Session {
  if (!state.session) throw new Error('not signed in');
  return state.session;
}
export function options(): Options {
  if (!state.options) throw new Error('not signed in');
  return state.options;
}
export function isReady(): boolean {
  return state.ready;
}
export function isSignedIn(): boolean {
  return state.session !== null && state.options !== null;
}
export function mayAct(role: Role): boolean {
  return state.session !== null && kRank[state.session.user.role] >= kRank[role];
}

/** What lies on the desks stays when the same user signs in again; nobody else sees it. */
async function enter(session: Session): Promise<void> {
  if (lastUserId && lastUserId !== session.user.id) return location.reload();
  lastUserId = session.user.id;
  setCsrfToken(session.csrf_token);
  state.options = await api.getOptions();
  state.session = session;
  dismissAll(); // what was said of the session that is over
}
/** Takes up a session that the browser still has. */
export async function resume(): Promise<void> {
  try {
    const session = await api.getSession();
    if (session) await enter(session);
  } catch (error) {
    complain(error);
  }
  state.ready = true;
}
export async function signIn(name: string, password: string): Promise<void> {
  await enter(await api.signIn(name, password));
}
export async function signOut(): Promise<void> {
  await api.signOut();
  location.reload();
}
onSignedOut(() => (state.session = null));

export function setShop(shop: Shop): void {
  state.session = { ...session(), shop };
}
