import { createHmac, timingSafeEqual } from 'node:crypto';
import { ClusterError, fromHex, toHex } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import type { SecretBytes } from '../../crypto/index.js';
import { bytesItem, textItem, transcript, u32Item } from '../../wire/index.js';
import type { Item } from '../../wire/index.js';

/**
 * What a node without a genesis and whoever makes the cluster tell each other (docs/wire.md). Nothing of it is secret; a token
 * that the two share proves who says it.
 */
const FORMAT = 1;
export const CHALLENGE_BYTES = 32;
const PROOF_BYTES = 32;
/** Such text has no bytes of its own in UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A node's answer: its public half, the bytes of `member.json`. */
export type Introduction = { readonly member: string; readonly proof: Uint8Array };

/** The files that a node begins with, as texts. Without a certificate its own authority issues one. */
export type Delivery = {
  readonly cluster: string;
  readonly ca: string;
  readonly cert: string | undefined;
};

/** The addressee of a delivery, or the giver of a receipt. */
export type Addressee = { readonly nodeId: NodeId; readonly identityKey: Uint8Array };

/** Proves that `member` is the answer of the token's holder to this challenge. */
export function proveIntroduction(
  token: SecretBytes,
  node: NodeId,
  challenge: Uint8Array,
  member: string,
): Uint8Array {
  return mac(token, 'enrol-member', [textItem(node), bytesItem(challenge), textItem(member)]);
}

/** Proves that the token's holder made this delivery, for this identity. */
export function proveDelivery(
  token: SecretBytes,
  { nodeId, identityKey }: Addressee,
  { cluster, ca, cert }: Delivery,
): Uint8Array {
  return mac(token, 'enrol-genesis', [
    textItem(nodeId),
    bytesItem(identityKey),
    textItem(cluster),
    textItem(ca),
    textItem(cert ?? ''),
  ]);
}

/** Proves that the node of this identity keeps the genesis of this cluster. */
export function proveReceipt(
  token: SecretBytes,
  { nodeId, identityKey }: Addressee,
  clusterId: string,
): Uint8Array {
  return mac(token, 'enrol-receipt', [
    textItem(nodeId),
    bytesItem(identityKey),
    textItem(clusterId),
  ]);
}

/** Compares in a time that does not depend on where two proofs differ. */
export function isProof(given: Uint8Array, right: Uint8Array): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}

function mac(token: SecretBytes, label: string, items: readonly Item[]): Uint8Array {
  const bytes = transcript(label, [u32Item(FORMAT), ...items]);
  return Uint8Array.from(createHmac('sha256', token.bytes).update(bytes).digest());
}

export function encodeIntroduction({ member, proof }: Introduction): string {
  return JSON.stringify({ format: FORMAT, member, proof: toHex(proof) });
}

/** @throws ClusterError `invalid-request` */
export function decodeIntroduction(bytes: string): Introduction {
  const read = fieldsOf(bytes, ['member', 'proof']);
  return { member: textOf(read('member')), proof: bytesOf(read('proof'), PROOF_BYTES) };
}

export function encodeDelivery({ cluster, ca, cert }: Delivery, proof: Uint8Array): string {
  return JSON.stringify({ format: FORMAT, cluster, ca, cert: cert ?? '', proof: toHex(proof) });
}

/** @throws ClusterError `invalid-request` */
export function decodeDelivery(bytes: string): Delivery & { readonly proof: Uint8Array } {
  const read = fieldsOf(bytes, ['cluster', 'ca', 'cert', 'proof']);
  const cert = textOf(read('cert'));
  return {
    cluster: textOf(read('cluster')),
    ca: textOf(read('ca')),
    cert: cert === '' ? undefined : cert,
    proof: bytesOf(read('proof'), PROOF_BYTES),
  };
}

export function encodeReceipt(proof: Uint8Array): string {
  return JSON.stringify({ format: FORMAT, proof: toHex(proof) });
}

/** @throws ClusterError `invalid-request` */
export function decodeReceipt(bytes: string): Uint8Array {
  return bytesOf(fieldsOf(bytes, ['proof'])('proof'), PROOF_BYTES);
}

/** Reads a challenge, hex. */
export function challengeOf(text: string | null): Uint8Array {
  return bytesOf(text, CHALLENGE_BYTES);
}

/** The fields of one JSON object, those and no others, of this format. */
function fieldsOf<Name extends string>(
  text: string,
  names: readonly Name[],
): (name: Name) => unknown {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw refused('is no JSON');
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw refused('is no object');
  const fields = new Map<string, unknown>(Object.entries(read));
  const due = ['format', ...names];
  if (fields.size !== due.length || due.some((name) => !fields.has(name)))
    throw refused(`has other fields than ${due.join(', ')}`);
  if (fields.get('format') !== FORMAT) throw refused(`is not of format ${FORMAT}`);
  return (name) => fields.get(name);
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && !LONE_SURROGATE.test(value)) return value;
  throw refused('has a field that is no text');
}

function bytesOf(value: unknown, length: number): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined;
  if (bytes?.length === length) return bytes;
  throw refused(`has no ${length} bytes in hex where they are due`);
}

function refused(why: string): ClusterError {
  return new ClusterError('invalid-request', `What was sent ${why}`, {
    reason: 'ENROLMENT_MESSAGE',
  });
}
