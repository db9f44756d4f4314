import { ClusterError, nodeId } from '../common/index.js';
import { TransferLeadershipRequest } from '../wire/index.js';
import type { TransferLeadershipResponse } from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMessage, requireId } from './decode.js';
import { requireAuthorization } from './authorization.js';

/** Has the leader of the term that the request names hand over, at the word of an operator, and answers when it has. */
export async function transferLeadership(
  context: ApiContext,
  call: Call,
): Promise<TransferLeadershipResponse> {
  const { term, targetNodeId } = readMessage(TransferLeadershipRequest, call.bytes);
  if (term < 1n || term > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ClusterError('invalid-request', 'Name the term whose leader is to hand over', {
      reason: 'INVALID_TERM',
      field: 'term',
    });
  if (targetNodeId !== '') requireId('target_node_id', targetNodeId);
  const authorization = requireAuthorization(call.metadata);
  const { method, bytes: request } = call;
  const target = targetNodeId === '' ? undefined : nodeId(targetNodeId);
  const order = { method, request, authorization, term: Number(term), target };
  const led = await context.backend().transferLeadership(order, call.time.signal);
  return { leaderId: led.leader, term: BigInt(led.term) };
}
