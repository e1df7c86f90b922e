import type { Role } from '../../lib/session.svelte';

/** The roles, those who see patients first. */
export const ROLES: readonly Role[] = [
  'reader',
  'reviewer',
  'steward',
  'administrator',
  'auditor',
];
