// clipboard.ts - copying copies the labelled text.
import { labelled } from './label';
import { say } from './notices.svelte';
import { options, session } from './session.svelte';
import { t } from './words.svelte';

export async function copyText(text: string): Promise<void> {
  const whole = labelled(text, session().shop.label, options().wordings);
  try {
    await navigator.clipboard.writeText(whole);
    say(() => t('copy.done'));
  } catch {
    say(() => t('copy.refused'), true); // a browser that forbids it, or an address without https
  }
}
