// English. One file per part of the desk, so that each can be read beside its view.

import { audit } from './en/audit';
import { theCase } from './en/case';
import { learn } from './en/learn';
import { models } from './en/models';
import { people } from './en/people';
import { scans } from './en/scans';
import { shell } from './en/shell';
import { statistics } from './en/statistics';
import { worklist } from './en/worklist';

export const en = {
  ...shell,
  ...worklist,
  ...theCase,
  ...scans,
  ...models,
  ...audit,
  ...people,
  ...learn,
  ...statistics,
} as const;
