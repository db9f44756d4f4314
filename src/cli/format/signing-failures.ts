import { SigningFailuresState } from '../../wire/index.js';
import type { Cluster, SigningFailures } from '../../wire/index.js';
import { nameOf } from './values.js';

/** A node's counts of failed signing sessions for programs. */
export function failuresOf({ signingFailures }: Cluster): readonly object[] {
  return signingFailures.map(
    ({ keyId, version, silentNodeId, failures, sinceTimeMs, state }: SigningFailures) => ({
      ...(silentNodeId === '' ? { key_id: keyId, version } : { silent_node_id: silentNodeId }),
      failures,
      since_time_ms: Number(sinceTimeMs),
      state: nameOf(SigningFailuresState, state),
    }),
  );
}

/** The counts of each node that answered, the locked ones with what to do; nothing where none has failed. */
export function failureWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map(
    answers
      .filter(({ signingFailures }) => signingFailures.length > 0)
      .map(({ nodeId, signingFailures }) => [
        nodeId,
        `${signingFailures.map(wordsOf).join(', ')} on ${nodeId}`,
      ]),
  );
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}

function wordsOf({ keyId, version, silentNodeId, failures, state }: SigningFailures): string {
  const isNode = silentNodeId !== '';
  const subject = isNode ? `${silentNodeId} silent` : `${keyId} version ${version}`;
  const named = isNode ? `--silent ${silentNodeId}` : keyId;
  const means: Partial<Record<SigningFailuresState, string>> = {
    [SigningFailuresState.ONE_AT_A_TIME]: ' (one session at a time)',
    [SigningFailuresState.LOCKED]: ` (signs no more: quorate cluster unlock ${named})`,
  };
  return `${subject}: ${failures}${means[state] ?? ''}`;
}
