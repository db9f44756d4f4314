import type { Result } from '../common/index.js';
import type { Identity } from '../identity/index.js';
import { admitAuthority, EXPIRY_AHEAD_MS_MAX, TASK_KINDS } from '../state/index.js';
import type { JudgingContext, ParsedGenerateKey } from '../state/index.js';
import type { Key, KeyCertificate } from '../wire/index.js';

/** The facts that a reader of a key knows by itself. */
export type Reader = {
  /** The reader's own SPIFFE id, and those of other requesters whose keys it trusts. */
  readonly spiffeId?: string | undefined;
  readonly requesters?: readonly string[] | undefined;
  /** The bytes of the GenerateKeyRequest that it sent, when the key is the answer to one. */
  readonly asked?: Uint8Array | undefined;
  /** The key's public key, known from elsewhere. */
  readonly publicKey?: Uint8Array | undefined;
};

/** The requester of a key: by its own signature, or by the word of a node. */
export type Requester = {
  readonly spiffeId: string;
  readonly role: Identity['role'];
  readonly voucher: string | undefined;
};

/** A request as a certificate shows it. */
export type AuthorizedRequest = Pick<KeyCertificate, 'method' | 'request' | 'authority'>;

/**
 * Signature, chain, role and voucher, by the function by which nodes judge them. No signature tells at what time the request was
 * taken; it was at most ten minutes before its expiry, so the chain must have been good at some moment of these.
 */
export function judgeRequester(
  { method, request, authority }: AuthorizedRequest,
  kind: 'generate-key' | 'reshare',
  context: JudgingContext,
): Result<Requester, string> {
  const judged = admitAuthority(
    { method, request, authorization: { by: authority }, firstAttempt: undefined },
    TASK_KINDS[kind].askers,
    context,
    // That a certificate was revoked since then does not make the key worse, and a client does not know the list.
    {
      takesUnsigned: context.genesis.unsigned,
      members: context.genesis.members,
      isRevoked: () => false,
    },
  );
  if (!judged.ok)
    return { ok: false, refusal: `its authorization does not count: ${judged.refusal.message}` };
  const { requester, expireTimeMs, certified } = judged.value;
  const timely =
    certified === undefined ||
    (certified.notBeforeMs < expireTimeMs &&
      certified.notAfterMs >= expireTimeMs - EXPIRY_AHEAD_MS_MAX);
  if (!timely) return { ok: false, refusal: 'its requester signed with a certificate out of date' };
  const voucher = authority?.$case === 'voucher' ? authority.value.nodeId : undefined;
  const { spiffeId, role } = requester;
  return { ok: true, value: { spiffeId, role, voucher } };
}

/** The key is not its requester's, or another than the reader asked for; or it leaves open which nodes were meant. */
export function doubtful(
  key: Key,
  { participants }: ParsedGenerateKey,
  { spiffeId, voucher }: Requester,
  reader: Reader,
): string | undefined {
  if (key.owner !== spiffeId) return `${spiffeId} asked for it, which is not its owner`;
  if (reader.asked !== undefined)
    return spiffeId === reader.spiffeId ? undefined : `${spiffeId} asked for it`;
  if (voucher !== undefined || reader.publicKey !== undefined) return undefined;
  return participants.length === 0 ? 'its request names no participants' : undefined;
}

/** The reader has asked for the key, knows it from elsewhere, or accepts keys of its requester. */
export function isAccepted({ spiffeId, voucher }: Requester, reader: Reader): boolean {
  if (voucher !== undefined || reader.asked !== undefined || reader.publicKey !== undefined)
    return true;
  return [reader.spiffeId, ...(reader.requesters ?? [])].includes(spiffeId);
}
