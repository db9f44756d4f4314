import type { TaskKind } from '../../state/index.js';
import type { KindDriver } from './driver.js';
import { destroyKeyDriver } from './destroy-key/driver.js';
import { generateKeyDriver } from './generate-key/driver.js';
import { prepareDriver } from './prepare/driver.js';
import { presignDriver } from './presign/driver.js';
import { refreshDriver, reshareDriver } from './reshare/driver.js';
import { signDriver } from './sign/driver.js';

/** The drivers of every kind of task. A further kind is a folder here and a line of this table. */
export const TASK_DRIVERS: Readonly<Record<TaskKind, KindDriver>> = {
  'generate-key': generateKeyDriver,
  sign: signDriver,
  // Done by being applied: they have no participants, and nothing is left for a leader to do.
  'require-signatures': {},
  'raise-level': {},
  'correct-time': {},
  'revoke-certificate': {},
  'retire-key': {},
  'restore-key': {},
  'destroy-key': destroyKeyDriver,
  prepare: prepareDriver,
  presign: presignDriver,
  reshare: reshareDriver,
  refresh: refreshDriver,
  'cancel-task': {},
};
