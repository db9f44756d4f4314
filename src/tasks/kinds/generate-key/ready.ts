import { readyBytes } from '../../../identity/index.js';
import type { NewKey } from '../../../sharing/index.js';
import { baseVersionOf, encodeCommand, FIRST_VERSION } from '../../../state/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { Sharing } from '../../../wire/index.js';
import type { TaskContext } from '../../context.js';
import type { LiveAttempt } from '../../live-tasks.js';

export type KeygenAttempt = LiveAttempt<ParsedGenerateKey>;

/** The version that an attempt makes. */
export function versionOf({ record }: KeygenAttempt): number {
  return record.attempt?.version ?? FIRST_VERSION;
}

/** The signed `ready` of this node, as it will stand in the log. It is said only once the share is durable. */
export function signedReady(
  { judging, self }: Pick<TaskContext, 'judging' | 'self'>,
  attempt: KeygenAttempt,
  key: NewKey,
  publicKey: Uint8Array,
): Uint8Array {
  const { record, task } = attempt;
  const { asked } = task;
  const version = versionOf(attempt);
  const sharing: Sharing = {
    sessionId: record.sessionId,
    requestHash: task.record.requestHash,
    keyId: asked.keyId,
    algorithm: asked.algorithm,
    threshold: asked.threshold,
    participants: [...task.participants],
    baseVersion: baseVersionOf(version),
    version,
    publicPolynomial: [...key.V],
    publicKey,
    chainCode: key.chainCode,
    digest: key.digest,
  };
  const signature = self.signer.sign(readyBytes(judging.genesis.clusterId, sharing));
  return encodeCommand({ $case: 'ready', value: { nodeId: self.id, sharing, signature } });
}
