// words.svelte.ts - the words of the page in the chosen language.
import { setAcceptLanguage } from '../api/http';
import { en } from '../words/en';
import { zh, type Word } from '../words/zh';

export type { Word };
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
export function hasWord(name: string): name is Word {
  return name in zh;
}
/** The word of a name that comes from outside; the name itself where the page has no word for it. */
export function nameOf(group: string, name: string): string {
  const word = `${group}.${name}`;
  return hasWord(word) ? t(word) : name;
}

const localeOf = () => (state.language === 'zh' ? 'zh-CN' : 'en-GB');
/** What rounds to nothing has no sign. */
export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString(localeOf(), { maximumFractionDigits: digits, minimumFractionDigits: digits, signDisplay: 'negative' });
}
export function formatShare(value: number, digits = 1): string {
  return `${formatNumber(value * 100, digits)}%`;
}
/** In the time zone of the browser; with its year where that is another than now. */
export function formatTime(time: string): string {
  const date = new Date(time);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return date.toLocaleString(localeOf(), {
    year,
    month: state.language === 'zh' ? '2-digit' : 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
}
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return t('time.seconds', { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t('time.minutes', { n: Math.round(seconds / 60) });
  return t('time.hours', { n: formatNumber(seconds / 3600, 1) });
}
export function formatBytes(bytes: number): string {
  return bytes < 1 << 20 ? `${formatNumber(bytes / 1024, 1)} KB` : `${formatNumber(bytes / (1 << 20), 1)} MB`;
}
const kLeastMoney = 0.0001;
/** Amounts below one keep three digits that say something; what is less than can be read says so. */
export function formatMoney(amount: number, currency: string): string {
  if (amount > 0 && amount < kLeastMoney) return `< ${formatMoney(kLeastMoney, currency)}`;
  const digits = amount > 0 && amount < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 };
  return amount.toLocaleString(localeOf(), { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits });
}
