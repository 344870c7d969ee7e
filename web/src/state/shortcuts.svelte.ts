// shortcuts.svelte.ts - what keys do, and the list of it that `?` shows.
import { untrack } from 'svelte';
import type { Word } from '../words/zh';

export interface Shortcut {
  keys: string; // 'j', 'Enter', two keys in a row: 'g p', or any digit but 0: kDigits
  word: Word;
  run?: (keys: string) => void; // none: the thing that has the focus does it; it is told here
}
export interface Scope {
  title: Word;
  shortcuts: Shortcut[];
}

export const kDigits = '1…9';
const kSequenceMs = 1200;
const state = $state({ scopes: [] as Scope[], isHelpOpen: false });
let pending = '';
let pendingAt = 0;

export function scopes(): readonly Scope[] {
  return state.scopes;
}
export function isHelpOpen(): boolean {
  return state.isHelpOpen;
}
export function showHelp(open: boolean): void {
  state.isHelpOpen = open;
}
/** Adds a scope; returns what takes it away. The scope added last is asked first. */
export function addScope(scope: Scope): () => void {
  untrack(() => (state.scopes = [scope, ...state.scopes]));
  return () => untrack(() => (state.scopes = state.scopes.filter((one) => one.title !== scope.title)));
}

export function nameOfKeys(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  const modifier = event.ctrlKey || event.metaKey ? 'Control+' : event.altKey ? 'Alt+' : '';
  return modifier + event.key;
}
export function findShortcut(scopes: readonly Scope[], keys: string): Shortcut | undefined {
  return scopes.flatMap((scope) => scope.shortcuts).find((one) => one.run && (one.keys === keys || (one.keys === kDigits && /^[1-9]$/.test(keys))));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
/** Enter and space belong to the button that has the focus. */
function belongsToTarget(event: KeyboardEvent): boolean {
  const target = event.target;
  return (event.key === 'Enter' || event.key === ' ') && target instanceof HTMLElement && target.matches('button, a[href], summary, [role=button]');
}

export function handleKey(event: KeyboardEvent): void {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.defaultPrevented || event.isComposing || (plain && isTyping(event.target)) || belongsToTarget(event)) return;
  if (document.querySelector('dialog[open]')) return;
  const keys = nameOfKeys(event);
  const sequence = event.timeStamp - pendingAt < kSequenceMs ? `${pending} ${keys}` : '';
  const found = (sequence && findShortcut(state.scopes, sequence)) || findShortcut(state.scopes, keys);
  [pending, pendingAt] = found ? ['', 0] : [keys, event.timeStamp];
  if (!found) return;
  event.preventDefault();
  found.run?.(keys);
}
