// theme.svelte.ts - light, dark, or what the system says.

export type Theme = 'system' | 'light' | 'dark';
const kStored = 'vitrine.theme';

function stored(): Theme {
  const value = localStorage.getItem(kStored);
  return value === 'light' || value === 'dark' ? value : 'system';
}
const state = $state({ theme: stored() });

export function theme(): Theme {
  return state.theme;
}
export function setTheme(theme: Theme): void {
  state.theme = theme;
  localStorage.setItem(kStored, theme);
  applyTheme();
}
export function applyTheme(): void {
  if (state.theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = state.theme;
}
