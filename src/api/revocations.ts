import { ClusterError, fromHex } from '../common/index.js';
import type { Revoked } from '../state/index.js';
import { ListRevocationsRequest, RevokeCertificateRequest } from '../wire/index.js';
import type {
  ListRevocationsResponse,
  Revocation,
  RevokeCertificateResponse,
} from '../wire/index.js';
import { keyHashName, serialName } from '../identity/index.js';
import type { ApiContext, Call } from './call.js';
import { changeCluster } from './cluster.js';
import { readMessage } from './decode.js';
import { timestamp } from './present.js';

/** From then on certificates of that serial number or key count no more. */
export async function revokeCertificate(
  context: ApiContext,
  call: Call,
): Promise<RevokeCertificateResponse> {
  const { serial, keyHash, allowNode } = readMessage(RevokeCertificateRequest, call.bytes);
  const name = serial.length > 0 ? serialName(serial) : keyHashName(keyHash);
  const node = allowNode ? undefined : context.node.certifiedBy(name);
  if (node === undefined) return { taskId: await changeCluster(context, call) };
  throw new ClusterError(
    'wrong-state',
    `${node} shows a certificate that this would revoke, and would be cut off until it shows another: renew it first, or say ` +
      'allow_node',
    { reason: 'REVOKES_A_NODE', field: 'allow_node', facts: { node_id: node } },
  );
}

/** Shows all that is revoked, as applied here: an operator must see it without a quorum, too. */
export async function listRevocations(
  context: ApiContext,
  call: Call,
): Promise<ListRevocationsResponse> {
  readMessage(ListRevocationsRequest, call.bytes);
  return { revocations: context.backend().local().revocations().map(presentRevocation) };
}

function presentRevocation({ name, record }: Revoked): Revocation {
  const { timeMs, requester, taskId } = record;
  const [kind, hex = ''] = name.split('/');
  const bytes = fromHex(hex) ?? new Uint8Array(0);
  const none = new Uint8Array(0);
  return {
    serial: kind === 'serial' ? bytes : none,
    keyHash: kind === 'key' ? bytes : none,
    revokeTime: timestamp(timeMs),
    requester,
    taskId,
  };
}
