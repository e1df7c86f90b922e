// Where one is: what stands behind the # of the address, so that it works below any path.

export const CASE_VIEWS = ['compare', 'certainty', 'why', 'origin', 'decide'] as const;
export type CaseView = (typeof CASE_VIEWS)[number];
export const PAGES = [
  'worklist',
  'scans',
  'models',
  'audit',
  'people',
  'learn',
] as const;
export type Page = (typeof PAGES)[number];

export type Route =
  | { page: Page; part: string }
  | { page: 'case'; result: string; view: CaseView }
  | { page: 'first'; token: string }
  | { page: 'start' }
  | { page: 'unknown' };

/** Read what stands behind the #. */
export function read(hash: string): Route {
  const words = hash.replace(/^#\/?/, '');
  if (words === '') return { page: 'start' };
  if (words.startsWith('first=')) return { page: 'first', token: words.slice(6) };
  const [page = '', part = '', view = 'compare'] = words.split('/').map(plain);
  if (page === 'case' && part && CASE_VIEWS.includes(view as CaseView)) {
    return { page, result: part, view: view as CaseView };
  }
  if (PAGES.includes(page as Page)) return { page: page as Page, part };
  return { page: 'unknown' };
}

function plain(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return ''; // typed by hand, and no address
  }
}

/** Return the address of a place. */
export function href(page: Page, part = ''): string {
  return part ? `#/${page}/${encodeURIComponent(part)}` : `#/${page}`;
}

/** Return the address of a case's view. */
export function caseHref(result: string, view: CaseView = 'compare'): string {
  return `#/case/${encodeURIComponent(result)}/${view}`;
}

const state = $state({
  route: read(typeof location === 'undefined' ? '' : location.hash),
});

export const place = {
  get route(): Route {
    return state.route;
  },
};

/** Go to a place: `go(href('models'))`. */
export function go(address: string): void {
  location.hash = address;
}

if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', () => (state.route = read(location.hash)));
}
