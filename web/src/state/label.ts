// label.ts - the explicit AI label on whatever leaves the page.
import type { Label } from '../api/types';

/** The text with its label; one that holds an allowed wording already gets no second one. */
export function labelled(text: string, label: Label, wordings: readonly string[]): string {
  if (!text || wordings.some((wording) => text.includes(wording))) return text;
  return label.place === 'start' ? label.wording + text : text + label.wording;
}
