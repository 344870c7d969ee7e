// audit.ts - entries of the audit trail in words: what was done to what, and what it changed.
import type { AuditEntry } from '../api/types';
import { nameOf, t } from './words.svelte';

export interface AuditChange {
  name: string;
  before: string; // '' = there was nothing
  after: string; // '' = there is nothing
}
const kLongest = 60;
const kLongestId = 12;
const kShortId = 8;
const kRuledOut = ['id', 'currency']; // they never change

function clipped(text: string): string {
  const points = [...text];
  return points.length > kLongest ? `${points.slice(0, kLongest).join('')}…` : text;
}
/** A value in words: names that the contract lists by the words of the page. */
function inWords(name: string, value: unknown, subject: string): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no');
  if (name === 'password') return t('audit.changed');
  if (name === 'chosen') return value === 'none' ? t('writer.none') : t('audit.chosen', { n: (value as unknown[]).length });
  if (name === 'state') return nameOf(subject === 'model' ? 'modelState' : 'review', String(value));
  if (name === 'role' || name === 'place') return nameOf(name, String(value));
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, one]) => inWords(key, one, subject))
      .filter(Boolean)
      .join(' · ');
  return clipped(String(value));
}

export function subjectOf(entry: AuditEntry): { kind: string; id: string } {
  const [kind = '', ...rest] = entry.subject.split(':');
  return { kind, id: rest.join(':') };
}
/** "成员 second": the kind of the subject with its name where one is known, else with its id. */
export function subjectInWords(entry: AuditEntry, names: ReadonlyMap<string, string> = new Map()): string {
  const { kind, id } = subjectOf(entry);
  const own = entry.after?.['name'] ?? entry.before?.['name'];
  const name = typeof own === 'string' ? own : (names.get(entry.subject) ?? (id.length > kLongestId ? `${id.slice(0, kShortId)}…` : id));
  return `${nameOf('subject', kind)} ${name}`;
}
export function changesOf(entry: AuditEntry): AuditChange[] {
  const { kind } = subjectOf(entry);
  const names = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])];
  // a field that only one side tells was not touched, unless the subject is new
  const isNew = entry.before === null;
  const told = names.filter((name) => !kRuledOut.includes(name) && (isNew || entry.after === null || name in entry.after));
  return told
    .filter((name) => JSON.stringify(entry.before?.[name]) !== JSON.stringify(entry.after?.[name]))
    .map((name) => ({
      name: nameOf('change', name),
      before: inWords(name, entry.before?.[name], kind),
      after: inWords(name, entry.after?.[name], kind),
    }));
}
