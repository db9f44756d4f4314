import { isCertified, resharedKeyOf } from '../../../state/index.js';
import type { AnswerContext, AnswerDriver } from '../driver.js';
import type { ParsedNewVersion } from './new-version.js';

/** A new version is an answer only with its certificate, which grows after the task's outcome. */
export function reshareAnswer({ queries }: AnswerContext): AnswerDriver<ParsedNewVersion> {
  return {
    check: (task) => {
      const key = queries.key(task.keyId);
      const made = resharedKeyOf(task)?.keyVersion ?? 0;
      const isInUse = key !== undefined && (key.version > made || isCertified(key));
      return isInUse ? { kind: 'answer', task } : { kind: 'wait' };
    },
  };
}
