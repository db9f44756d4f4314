import { ClusterError, nodeId } from '../common/index.js';
import type { FailureStanding, FailureSubject, SessionFailureCount } from '../tasks/index.js';
import { SigningFailuresState, UnlockSigningRequest } from '../wire/index.js';
import type { SigningFailures, UnlockSigningResponse } from '../wire/index.js';
import { requireAuthorization } from './authorization.js';
import type { ApiContext, Call } from './call.js';
import { readMessage, requireId } from './decode.js';

/** Has this node forget failed sessions that it counts for itself, at the word of an operator. */
export async function unlockSigning(
  context: ApiContext,
  call: Call,
): Promise<UnlockSigningResponse> {
  const asked = readMessage(UnlockSigningRequest, call.bytes);
  const subject = subjectOf(asked);
  const authorization = requireAuthorization(call.metadata);
  const backend = context.backend();
  const { nodeId: self } = backend.status();
  if (asked.nodeId !== self)
    throw new ClusterError('wrong-state', `This is ${self}: ask ${asked.nodeId} itself`, {
      reason: 'WRONG_NODE',
      facts: { node_id: self },
    });
  const { method, bytes: request } = call;
  const sinceMs = Number(asked.sinceTimeMs);
  const order = { method, request, authorization, subject, sinceMs };
  const failures = await backend.unlockSigning(order);
  if (failures === undefined)
    throw new ClusterError(
      'wrong-state',
      `${self} has no such count of failed sessions, or another one by now: look at \`quorate cluster status\``,
      { reason: 'NO_SUCH_FAILURES' },
    );
  return { failures };
}

/** @throws ClusterError `invalid-request`. */
function subjectOf({ keyId, version, silentNodeId }: UnlockSigningRequest): FailureSubject {
  if ((keyId === '') === (silentNodeId === ''))
    throw new ClusterError('invalid-request', 'Give a key, or a silent node, and not both', {
      reason: 'INVALID_SUBJECT',
      field: 'key_id',
    });
  if (keyId === '') {
    requireId('silent_node_id', silentNodeId);
    return { kind: 'node', nodeId: nodeId(silentNodeId) };
  }
  requireId('key_id', keyId);
  return { kind: 'version', keyId, version };
}

const STATES: Readonly<Record<FailureStanding, SigningFailuresState>> = {
  free: SigningFailuresState.COUNTED,
  'one-at-a-time': SigningFailuresState.ONE_AT_A_TIME,
  ended: SigningFailuresState.LOCKED,
};

/** A count as GetCluster shows it. */
export function presentFailures({
  subject,
  count,
  sinceMs,
  standing,
}: SessionFailureCount): SigningFailures {
  const isNode = subject.kind === 'node';
  return {
    keyId: isNode ? '' : subject.keyId,
    version: isNode ? 0 : subject.version,
    silentNodeId: isNode ? subject.nodeId : '',
    failures: count,
    sinceTimeMs: BigInt(sinceMs),
    state: STATES[standing],
  };
}
