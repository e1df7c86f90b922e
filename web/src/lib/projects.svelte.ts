// Projects: which one is looked at, kept for this tab so that a reload finds it again.

import { api, type Answer } from './api';

export type Project = Answer<'/api/projects'>[number];

const KEPT = 'vesalius-project';
const state = $state({ all: [] as Project[], chosen: '', known: false });

export const projects = {
  get all(): Project[] {
    return state.all;
  },
  /** The id of the one that is looked at; empty where the account has none. */
  get chosen(): string {
    return state.chosen;
  },
  get known(): boolean {
    return state.known;
  },
  choose(project: string): void {
    state.chosen = project;
    sessionStorage.setItem(KEPT, project);
  },
  async load(): Promise<void> {
    state.all = await api.get('/api/projects');
    state.known = true;
    const kept = state.chosen || (sessionStorage.getItem(KEPT) ?? '');
    const found = state.all.find((one) => one.id === kept) ?? state.all[0];
    state.chosen = found?.id ?? '';
  },
};
