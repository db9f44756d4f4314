import { isCertified } from '../../../state/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { AnswerContext, AnswerDriver } from '../driver.js';

/** A new key is an answer only with its certificate, which grows after the task's outcome. */
export function generateKeyAnswer({ queries }: AnswerContext): AnswerDriver<ParsedGenerateKey> {
  return {
    check: (task) => {
      const key = queries.key(task.keyId);
      const certified = key !== undefined && isCertified(key);
      return certified ? { kind: 'answer', task } : { kind: 'wait' };
    },
  };
}
