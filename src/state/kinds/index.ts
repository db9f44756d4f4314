import type { KindRules, TaskKind } from '../kind-rules.js';
import { cancelTaskRules } from './cancel-task.js';
import { correctTimeRules } from './correct-time.js';
import { destroyKeyRules } from './destroy-key.js';
import { generateKeyRules } from './generate-key.js';
import { prepareRules } from './prepare.js';
import { presignRules } from './presign.js';
import { raiseLevelRules } from './raise-level.js';
import { revokeCertificateRules } from './revoke-certificate.js';
import { restoreKeyRules } from './restore-key.js';
import { retireKeyRules } from './retire-key.js';
import { refreshRules } from './refresh.js';
import { requireSignaturesRules } from './require-signatures.js';
import { reshareRules } from './reshare.js';
import { signRules } from './sign.js';

/** The rules of every kind of task that this build knows. A further kind is a file here and a line of this table. */
export const TASK_KINDS: Readonly<Record<TaskKind, KindRules>> = {
  'generate-key': generateKeyRules,
  sign: signRules,
  'require-signatures': requireSignaturesRules,
  'raise-level': raiseLevelRules,
  'correct-time': correctTimeRules,
  'revoke-certificate': revokeCertificateRules,
  prepare: prepareRules,
  presign: presignRules,
  'retire-key': retireKeyRules,
  'restore-key': restoreKeyRules,
  reshare: reshareRules,
  refresh: refreshRules,
  'cancel-task': cancelTaskRules,
  'destroy-key': destroyKeyRules,
};
