import { assert } from '../../common/index.js';
import { encodeBigEndian, evaluateInExponent } from '../../crypto/index.js';
import type { Job } from '../../ports/index.js';
import { deriveByStep } from '../../sharing/index.js';
import {
  bytesItem,
  listItem,
  integerItem,
  pointItem,
  u32Item,
  u8Item,
  type Item,
} from '../../wire/index.js';
import { signerWeight } from '../presign/session.js';
import { sessionBase, ssid0Of, type SessionMember } from '../session-id.js';
import type { ParameterSet } from '../parameter-set.js';
import type { Gg20Context, Gg20Tables } from '../tables.js';
import type { SigningFacts, SignerNumbers } from './facts.js';

/** The key, the signers and the generation of a session, as the attempt's entry fixes them. */
export type SessionBasis = {
  /** Of `setName`. */
  readonly set: string;
  readonly clusterId: string;
  /** 32 bytes: the hash of the cluster and of the entry that opened the attempt. */
  readonly sessionId: Uint8Array;
  readonly attempt: number;
  readonly keyId: string;
  readonly version: number;
  readonly threshold: number;
  /** All participants of the key, in order of index. */
  readonly members: readonly SessionMember[];
  /** The key's public polynomial V_0 .. V_{t−1}, encoded. */
  readonly V: readonly Uint8Array[];
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
  readonly setId: Uint8Array;
  readonly generation: number;
  readonly auxDigest: Uint8Array;
  /** S, ascending, with their numbers in that generation. */
  readonly signers: readonly Omit<SignerNumbers, 'W'>[];
};

/** The signature that a request asks for. Every signer computes the digest itself, from the request's message. */
export type AskedSignature = {
  /** How the request names it: a message, or a bare digest, which no presignature serves. */
  readonly form: 'message' | 'digest';
  /** Which hash made the digest; 0 for a bare digest. */
  readonly hash: number;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly path: readonly number[];
  /** Of the presignature that signs it; absent in the interactive mode. */
  readonly presigId?: Uint8Array;
};

/** `SignedFacts` as plain data. */
export type SignedBytes = Omit<AskedSignature, 'form' | 'presigId'> & {
  readonly keyId: string;
  readonly version: number;
  /** The sum of the path's tweaks: 32 bytes, big-endian. */
  readonly eps: Uint8Array;
  /** PK' = PK + eps·G, encoded. */
  readonly derivedKey: Uint8Array;
};

export type BegunSession = {
  readonly facts: SigningFacts;
  /** Nothing in a session that makes a presignature. */
  readonly signed: SignedBytes | undefined;
};

export type BeginInput = {
  readonly basis: SessionBasis;
  /** Absent: the session makes a presignature. */
  readonly asked: AskedSignature | undefined;
};

/**
 * The public facts of a session: W_j of each signer, the key at the path (BIP-32), and ssid0, in which all of it is bound. Nothing for
 * a key or a path that there is no such key for.
 *
 * @param asked - Absent: the session makes a presignature.
 */
export function beginSession(
  tables: Gg20Tables,
  basis: SessionBasis,
  asked: AskedSignature | undefined,
): BegunSession | undefined {
  const set = tables.parameterSet(basis.set);
  const { group } = set.curve;
  const points = basis.V.map((each) => group.decode(each)).filter((point) => point !== undefined);
  const [PK] = points;
  const indices = basis.signers.map(({ index }) => index);
  const ascends = indices.every((index, at) => index > (indices[at - 1] ?? 0));
  assert(ascends && indices.length === basis.threshold, 'S are exactly t signers, ascending');
  if (PK === undefined || points.length !== basis.threshold) return undefined;

  const signers = basis.signers.flatMap((each): SignerNumbers[] => {
    const X = evaluateInExponent(group, points, each.index);
    const W = group.multiplyPublic(X, signerWeight(group.order, indices, each.index));
    return group.isIdentity(W) ? [] : [{ ...each, W: group.encode(W) }];
  });
  const signed = asked && signedBytes(set, basis, asked, PK);
  if (signers.length !== indices.length || (asked && signed === undefined)) return undefined;

  const base = sessionBase({
    ...basis,
    set,
    protocol: asked === undefined ? 'presign' : 'sign',
    publicKey: group.encode(PK),
    signers: indices,
    bind: asked && signed ? signBind(asked, signed) : [],
  });
  const ssid0 = ssid0Of(basis.clusterId, basis.sessionId, base);
  return { facts: { set: basis.set, ssid0, signers, PK: group.encode(PK) }, signed };
}

/** {@link beginSession}. */
export const beginSessionJob: Job<BeginInput, BegunSession | undefined, Gg20Context> = {
  name: 'gg20/begin',
  lane: 'generation',
  compute: ({ basis, asked }, { gg20 }) => beginSession(gg20, basis, asked),
};

function signedBytes<P>(
  { curve, widths }: ParameterSet<P>,
  { keyId, version, chainCode }: SessionBasis,
  { hash, digest, path }: AskedSignature,
  PK: P,
): SignedBytes | undefined {
  const child = deriveByStep(curve.group, PK, chainCode, path, 'fail');
  if (child === undefined) return undefined;
  const eps = encodeBigEndian(child.tweak, widths.scalar);
  return { keyId, version, hash, digest, path, eps, derivedKey: curve.group.encode(child.point) };
}

/** Form, hash, digest, path, eps and PK' are bound before the first round, and online the presignature. */
function signBind({ form, presigId }: AskedSignature, signed: SignedBytes): readonly Item[] {
  return [
    u8Item(form === 'message' ? 1 : 2),
    u8Item(signed.hash),
    bytesItem(signed.digest),
    listItem(signed.path.map(u32Item)),
    integerItem(signed.eps),
    pointItem(signed.derivedKey),
    ...(presigId === undefined ? [] : [bytesItem(presigId)]),
  ];
}
