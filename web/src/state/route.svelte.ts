// route.svelte.ts - which view is open, from the part of the address behind #.

export const kViews = ['writer', 'products', 'import', 'batch', 'review', 'export', 'library', 'data', 'settings'] as const;
export type ViewName = (typeof kViews)[number];
export interface Route {
  view: ViewName;
  id: string; // of what the view shows; '' = nothing in particular
}

export function parseRoute(hash: string): Route {
  const [view, id = ''] = hash.replace(/^#\/?/, '').split('/');
  return { view: kViews.find((name) => name === view) ?? 'products', id: decodeURIComponent(id) };
}
export function addressOf(view: ViewName, id = ''): string {
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}`;
}

const state = $state({ route: parseRoute(location.hash) });
window.addEventListener('hashchange', () => (state.route = parseRoute(location.hash)));

export function route(): Route {
  return state.route;
}
export function go(view: ViewName, id = ''): void {
  location.hash = addressOf(view, id);
}
