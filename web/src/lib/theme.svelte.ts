// Theme: dark for the reading room, light for the ward; the system's until one is chosen.

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = 'vesalius-theme';
const state = $state<{ theme: Theme }>({ theme: 'system' });

export const theme = {
  get chosen(): Theme {
    return state.theme;
  },
  choose(next: Theme): void {
    state.theme = next;
    document.documentElement.dataset['theme'] = next;
    try {
      localStorage.setItem(KEPT, next);
    } catch {
      // A browser that keeps nothing forgets the choice with the page.
    }
  },
  load(): void {
    let kept: string | null = null;
    try {
      kept = localStorage.getItem(KEPT);
    } catch {
      // As above.
    }
    theme.choose(THEMES.find((one) => one === kept) ?? 'system');
  },
};
