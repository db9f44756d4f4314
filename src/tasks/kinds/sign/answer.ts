import { publicOf, verifyJob } from '../../../frost/index.js';
import { algorithmName } from '../../../identity/index.js';
import { signatureOf } from '../../../state/index.js';
import type { ParsedSign } from '../../../state/index.js';
import { Algorithm, encode, SignatureResult } from '../../../wire/index.js';
import type { TaskRecord } from '../../../wire/index.js';
import type { Answer, AnswerContext, AnswerDriver } from '../driver.js';

/** OpenSSL takes a tenth of a millisecond, less than it takes to ask a worker. */
const QUICKLY_VERIFIED: ReadonlySet<Algorithm> = new Set([Algorithm.FROST_ED25519_SHA512]);

/** Every signature is checked under the key at its path before it leaves, by code that did not make it. */
export class SignAnswer implements AnswerDriver<ParsedSign> {
  readonly #parts: AnswerContext;

  constructor(parts: AnswerContext) {
    this.#parts = parts;
  }

  check(task: TaskRecord, { message, path }: ParsedSign): Answer | Promise<Answer> {
    const { context, queries, arithmetic } = this.#parts;
    const result = signatureOf(task);
    const key = queries.key(task.keyId);
    if (key === undefined || result === undefined) return this.#invalid(task);

    const answer = (publicKey: Uint8Array | undefined): Answer => {
      if (publicKey === undefined) return this.#invalid(task);
      const value = encode(SignatureResult, { ...result, publicKey });
      return { kind: 'answer', task: { ...task, outcome: { $case: 'result', value } } };
    };
    const { algorithm, publicKey } = key;
    const { signature } = result;
    const { rules } = context;
    if (path.length === 0 && QUICKLY_VERIFIED.has(algorithm)) {
      const name = algorithmName(algorithm);
      return answer(
        rules.verify.final(name, publicKey, message, signature) ? publicKey : undefined,
      );
    }
    const input = { algorithm, key: publicOf(key, path), message, signature };
    return arithmetic.compute.run(verifyJob, input).then(answer);
  }

  #invalid({ taskId }: TaskRecord): Answer {
    this.#parts.context.logger.alarm('a recorded signature does not verify', { task: taskId });
    return { kind: 'invalid', message: 'The recorded signature does not verify' };
  }
}
