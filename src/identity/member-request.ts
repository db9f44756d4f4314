import { fromHex, isId, nodeId, toHex } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import type { Verify } from '../ports/index.js';
import { bytesItem, textItem, transcript, u32Item } from '../wire/index.js';
import type { GenesisMember } from './genesis.js';
import { fields, integer, parseStrictJson, refuse, text } from './strict-json.js';
import type { Place } from './strict-json.js';

/**
 * The public half of a node that made its own keys, for the genesis and for its TLS certificate. Nothing in it is secret; what
 * must be right is whose file it is, so it goes by a way that its reader trusts.
 */
export type MemberRequest = GenesisMember & {
  /** SubjectPublicKeyInfo of the TLS key, DER. */
  readonly tlsKey: Uint8Array;
};

const FORMAT = 1;
const FILE_BYTES_MAX = 4 * 1024;
const IDENTITY_KEY_BYTES = 32;
const PROOF_BYTES = 64;
const TLS_KEY_BYTES_MAX = 512;

/** The text of a node's request, with the proof that the identity key is the node's: a signature over all of it. */
export function encodeMemberRequest(
  request: MemberRequest,
  sign: (bytes: Uint8Array) => Uint8Array,
): string {
  const file = {
    format: FORMAT,
    node_id: request.nodeId,
    role: request.role,
    identity_key: toHex(request.identityKey),
    tls_key: toHex(request.tlsKey),
    proof: toHex(sign(proved(request))),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * Reads a node's request, strictly, and checks its proof.
 *
 * @throws ClusterError `invalid-request` with the field.
 */
export function parseMemberRequest(bytes: Uint8Array, verify: Verify['identity']): MemberRequest {
  if (bytes.length > FILE_BYTES_MAX) refuse('', `A node's request is over ${FILE_BYTES_MAX} bytes`);
  const names = ['format', 'node_id', 'role', 'identity_key', 'tls_key', 'proof'] as const;
  const file = fields(parseStrictJson(bytes), names);
  integer(file.format, FORMAT, FORMAT);
  const request: MemberRequest = {
    nodeId: idOf(file.node_id),
    role: roleOf(file.role),
    identityKey: hexOf(file.identity_key, IDENTITY_KEY_BYTES, IDENTITY_KEY_BYTES),
    tlsKey: hexOf(file.tls_key, 1, TLS_KEY_BYTES_MAX),
  };
  const proof = hexOf(file.proof, PROOF_BYTES, PROOF_BYTES);
  if (!verify(request.identityKey, proved(request), proof))
    refuse(file.proof.path, 'Is not a signature of this request by its identity key');
  return request;
}

function proved({ nodeId: node, role, identityKey, tlsKey }: MemberRequest): Uint8Array {
  return transcript('member-request', [
    u32Item(FORMAT),
    textItem(node),
    textItem(role),
    bytesItem(identityKey),
    bytesItem(tlsKey),
  ]);
}

function idOf(place: Place): NodeId {
  const id = text(place);
  return isId(id) ? nodeId(id) : refuse(place.path, 'Must be an id: a-z, 0-9, - and _, at most 63');
}

function roleOf(place: Place): GenesisMember['role'] {
  const role = text(place);
  return role === 'tee' || role === 'mesh' ? role : refuse(place.path, 'Must be tee or mesh');
}

function hexOf(place: Place, minimum: number, maximum: number): Uint8Array {
  const bytes = fromHex(text(place));
  if (bytes !== undefined && bytes.length >= minimum && bytes.length <= maximum) return bytes;
  return refuse(
    place.path,
    `Must be ${minimum === maximum ? 2 * minimum : 'lower-case'} hex characters`,
  );
}
