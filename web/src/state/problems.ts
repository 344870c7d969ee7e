// problems.ts - problem documents of the server in the words of the page. Codes are stable; what the page has no word for
// is shown as the server wrote it.
import type { Problem } from '../api/types';
import { formatTime, hasWord, nameOf, t, type Word } from './words.svelte';

/** Codes whose detail says more than their word. */
const kTelling = ['bad_request', 'impossible', 'no_candidate', 'round_failed', 'gate_failed', 'internal', 'picture_worker_crashed', 'picture_worker_broken'];

/** What the server says of a field, and the word for it; groups in the order of the word's values. */
const kFaults: [RegExp, Word][] = [
  [/^is missing$/, 'fault.missing'],
  [/^is not described$/, 'fault.unknown'],
  [/^holds nothing but blanks$/, 'fault.blank'],
  [/^begins or ends with a blank$/, 'fault.framed'],
  [/^holds U\+0000$/, 'fault.zero'],
  [/^stands twice$/, 'fault.twice'],
  [/^expected at least (?<min>\d+) characters$/, 'fault.atLeast'],
  [/^expected (?<min>\d+) to (?<max>\d+) characters$/, 'fault.characters'],
  [/^expected a (?:whole )?number: expected (?<min>\S+) to (?<max>\S+)$/, 'fault.number'],
  [/^expected a (?:whole )?number: (?<min>\S+) to (?<max>\S+)$/, 'fault.number'],
  [/^expected a list of (?<min>\d+) to (?<max>\d+) (?:texts|objects)$/, 'fault.list'],
  [/^expected one of: (?<words>.+)$/, 'fault.oneOf'],
  [/^expected one of Options\.wordings$/, 'fault.wording'],
  [/^expected a multiple of (?<n>\d+)$/, 'fault.multiple'],
  [/^expected (?:a text|an object|true or false)$/, 'fault.type'],
  [/^expected at least one field$/, 'fault.nothing'],
  [/^expected the text of the edit$/, 'fault.missing'],
];

function explainFault(detail: string): string {
  for (const [pattern, word] of kFaults) {
    const match = pattern.exec(detail);
    if (match) return t(word, match.groups ?? {});
  }
  return detail;
}
/** `/label/wording` and `/keywords/3` by their last name. */
function nameOfField(pointer: string): string {
  const name =
    pointer
      .split('/')
      .filter((part) => part && !/^\d+$/.test(part))
      .at(-1) ?? '';
  return hasWord(`metric.${name}`) ? nameOf('metric', name) : nameOf('input', name);
}
function explainField({ field, detail }: { field: string; detail: string }): string {
  const [name, fault] = [nameOfField(field), explainFault(detail)];
  return name ? t('fault.of', { field: name, fault }) : fault;
}

/** What an operator can do where no text came; '' = the explanation says it. */
export function adviceOf(problem: Problem): string {
  if (problem.code !== 'no_candidate') return '';
  return t(problem.detail?.includes('没有说出商品类型') ? 'advice.category' : 'advice.settings');
}
export function explainProblem(problem: Problem): string {
  const word = `error.${problem.code}`;
  const own = hasWord(word) ? t(word, { time: problem.reset_at ? formatTime(problem.reset_at) : '' }) : '';
  const fields = (problem.errors ?? []).map(explainField);
  const isTold = own !== '' && (fields.length > 0 || !kTelling.includes(problem.code));
  return [own || problem.title, isTold ? '' : problem.detail, ...fields].filter(Boolean).join(' · ');
}
