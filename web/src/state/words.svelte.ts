// words.svelte.ts - the words of the page in the chosen language.
import { setAcceptLanguage } from '../api/http';
import { en } from '../words/en';
import { zh, type Word } from '../words/zh';

export type Language = 'zh' | 'en';
const kDictionaries: Record<Language, Record<Word, string>> = { zh, en };
const kStored = 'vitrine.language';

const state = $state({ language: (localStorage.getItem(kStored) === 'en' ? 'en' : 'zh') as Language });

export function language(): Language {
  return state.language;
}
export function setLanguage(language: Language): void {
  state.language = language;
  localStorage.setItem(kStored, language);
  applyLanguage();
}
export function applyLanguage(): void {
  document.documentElement.lang = state.language === 'zh' ? 'zh-CN' : 'en';
  setAcceptLanguage(state.language);
}

/** The word; `{name}` in it stands for a value. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  return kDictionaries[state.language][word].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}
/** The word of a name that comes from outside; the name itself where the page has no word for it. */
export function nameOf(group: string, name: string): string {
  const word = `${group}.${name}`;
  return word in zh ? t(word as Word) : name;
}

export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
export function formatShare(value: number, digits = 1): string {
  return `${formatNumber(value * 100, digits)}%`;
}
export function formatTime(time: string): string {
  return new Date(time).toLocaleString(state.language === 'zh' ? 'zh-CN' : 'en-GB', { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false });
}
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return t('time.seconds', { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t('time.minutes', { n: Math.round(seconds / 60) });
  return t('time.hours', { n: formatNumber(seconds / 3600, 1) });
}
export function formatBytes(bytes: number): string {
  return bytes < 1 << 20 ? `${formatNumber(bytes / 1024, 1)} KB` : `${formatNumber(bytes / (1 << 20), 1)} MB`;
}
export function formatMoney(amount: number, currency: string): string {
  return amount.toLocaleString(state.language === 'zh' ? 'zh-CN' : 'en-GB', { style: 'currency', currency, maximumFractionDigits: 3 });
}
