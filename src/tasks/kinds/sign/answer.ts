import { verifyJob } from '../../../algorithms/index.js';
import { algorithmOf } from '../../../identity/index.js';
import { sharedKey } from '../../../sharing/index.js';
import { signatureOf } from '../../../state/index.js';
import type { ParsedSign } from '../../../state/index.js';
import { encode, SignatureResult } from '../../../wire/index.js';
import type { TaskRecord } from '../../../wire/index.js';
import type { Answer, AnswerContext, AnswerDriver } from '../driver.js';

/** Every signature is checked under the key at its path before it leaves, by code that did not make it. */
export class SignAnswer implements AnswerDriver<ParsedSign> {
  readonly #parts: AnswerContext;

  constructor(parts: AnswerContext) {
    this.#parts = parts;
  }

  check(task: TaskRecord, { payload, path }: ParsedSign): Answer | Promise<Answer> {
    const { queries, arithmetic } = this.#parts;
    const result = signatureOf(task);
    const key = queries.key(task.keyId);
    if (key === undefined || result === undefined) return this.#invalid(task);

    const answer = (publicKey: Uint8Array | undefined): Answer => {
      if (publicKey === undefined) return this.#invalid(task);
      const value = encode(SignatureResult, { ...result, publicKey });
      return { kind: 'answer', task: { ...task, outcome: { $case: 'result', value } } };
    };
    const algorithm = algorithmOf(key);
    const { publicKey } = key;
    const { signature, recoveryId } = result;
    const { isQuick, verify } = arithmetic.verifiers[algorithm];
    // Hashing a long message, and recovering a key, are for a worker.
    if (path.length === 0 && isQuick && payload.form === 'message') {
      return answer(verify(publicKey, payload.message, signature) ? publicKey : undefined);
    }
    const input = { algorithm, key: sharedKey(key, path), payload, signature, recoveryId };
    return arithmetic.compute.run(verifyJob, input).then(answer);
  }

  #invalid({ taskId }: TaskRecord): Answer {
    const { alarms } = this.#parts.context;
    alarms.raise('a recorded signature does not verify', undefined, { task: taskId });
    return { kind: 'invalid', message: 'The recorded signature does not verify' };
  }
}
