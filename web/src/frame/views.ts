// Views: which there are, in the order of the navigation, and who may open them.

import type { Component } from 'svelte';
import type { Page } from '../lib/route.svelte';
import { session, type Role } from '../lib/session.svelte';

export interface View {
  page: Page;
  /** With "g": goes there. */
  key: string;
  roles: readonly Role[];
  load: () => Promise<{ default: Component }>;
}

const ALL: readonly Role[] = [
  'reader',
  'reviewer',
  'steward',
  'administrator',
  'auditor',
];
const VIEWS: readonly View[] = [
  {
    page: 'worklist',
    key: 'w',
    roles: ['reader', 'reviewer'],
    load: () => import('../views/Worklist.svelte'),
  },
  {
    page: 'scans',
    key: 's',
    roles: ['reader', 'reviewer', 'steward'],
    load: () => import('../views/Scans.svelte'),
  },
  {
    page: 'models',
    key: 'm',
    roles: ALL,
    load: () => import('../views/Models.svelte'),
  },
  {
    page: 'audit',
    key: 'a',
    roles: ['auditor'],
    load: () => import('../views/Audit.svelte'),
  },
  {
    page: 'people',
    key: 'p',
    roles: ['administrator', 'steward'],
    load: () => import('../views/People.svelte'),
  },
  {
    page: 'learn',
    key: 'l',
    roles: ALL,
    load: () => import('../views/Learn.svelte'),
  },
];

/** List the views. */
export function views(): readonly View[] {
  return VIEWS;
}

/** Say whether whoever is signed in may open a view. */
export function isOpen(page: Page): boolean {
  const roles = VIEWS.find((view) => view.page === page)?.roles ?? [];
  return session.may(...roles);
}
