import { utf8, type NodeId } from '../../src/common/index.js';
import type { KeyAlgorithm } from '../../src/identity/index.js';
import { METHODS } from '../../src/state/index.js';
import {
  Algorithm,
  decode,
  encode,
  GenerateKeyRequest,
  Gg20Profile,
  Hash,
  SignRequest,
} from '../../src/wire/index.js';
import type { Authorization } from '../../src/wire/index.js';
import type { SignedParts } from '../support/builders/requester.js';
import type { Rng } from './rng.js';

/** A key as its requester asked for it. */
export type AskedKey = {
  readonly keyId: string;
  readonly requester: string;
  readonly algorithm: KeyAlgorithm;
  /** Once a client was told. */
  publicKey: Uint8Array | undefined;
};

/** One request id's content. Clients may send it any number of times, to any node. */
export type Asked = {
  readonly method: string;
  readonly bytes: Uint8Array;
  readonly requester: string;
  readonly requestId: string;
  /** The key that the request is about, if it is about one. */
  readonly key: AskedKey | undefined;
  /** Sign: what the signature is to be of, a message or a digest. */
  readonly signed: Uint8Array | undefined;
  readonly expiresInMs: number;
  /** By its requester itself; without it the node that takes the request vouches. */
  readonly authorize?: (parts: SignedParts) => Authorization;
};

/** The id of a request for a key or a signature, read here and not by the code under test. */
export function requestIdOf(method: string, request: Uint8Array): string | undefined {
  return method.endsWith('/Sign')
    ? decode(SignRequest, request)?.requestId
    : decode(GenerateKeyRequest, request)?.requestId;
}

const GENERATE_EXPIRES_IN_MS = 600_000;

/** How the clients of a scenario ask for keys, and for signatures with them. */
export type KeyRequests = {
  /** A client has up to so many keys. */
  readonly keysMax: number;
  /** Mean time between two requests for a signature: the bounds of what a seed draws. */
  readonly signEveryMs: readonly [low: number, high: number];
  /** A client waits so much longer than for Ed25519. */
  readonly patience: number;
  /** Keys need more than shares: it may be gone with a node that is taken away, and is made anew later than a seed lasts. */
  readonly needMaterial: boolean;
  askForKey(rng: Rng, number: number, nodes: readonly NodeId[]): Asked & { readonly key: AskedKey };
  askToSign(
    key: AskedKey,
    requestId: string,
    text: string,
    expiresInMs: number,
    requester?: string,
  ): Asked;
};

/** What a key is made of, beside what is drawn. */
export type KeyShape = Pick<GenerateKeyRequest, 'algorithm' | 'gg20Profile'> & {
  readonly algorithm: KeyAlgorithm;
  readonly reshareInterval?: GenerateKeyRequest['reshareInterval'];
};

const ED25519: KeyShape = {
  algorithm: Algorithm.FROST_ED25519_SHA512,
  gg20Profile: Gg20Profile.UNSPECIFIED,
};

/** A request for a key of a random threshold among random nodes. */
export function askForKey(
  rng: Rng,
  number: number,
  nodes: readonly NodeId[],
  shape: KeyShape = ED25519,
): Asked & { readonly key: AskedKey } {
  const some = nodes.length > 3 && rng.chance(0.4);
  const count = some ? 3 + rng.int(nodes.length - 2) : nodes.length;
  const participants = some ? rng.shuffle(nodes).slice(0, count) : [];
  const threshold = 2 + rng.int(count - 1);
  const key: AskedKey = {
    keyId: `key-${number}`,
    requester: `spiffe://quorate/app/client-${rng.int(2)}`,
    algorithm: shape.algorithm,
    publicKey: undefined,
  };
  const requestId = `generate-${number}`;
  const bytes = encode(
    GenerateKeyRequest,
    GenerateKeyRequest.fromPartial({
      requestId,
      keyId: key.keyId,
      ...shape,
      threshold,
      participants,
      allowNoRedundancy: threshold === count,
    }),
  );
  const { requester } = key;
  const [method, expiresInMs] = [METHODS.generateKey, GENERATE_EXPIRES_IN_MS];
  return { method, bytes, requester, requestId, key, signed: undefined, expiresInMs };
}

/** A request to sign `text` with `key`. */
export function askToSign(
  key: AskedKey,
  requestId: string,
  text: string,
  expiresInMs: number,
  requester = key.requester,
): Asked {
  const message = utf8(text);
  const payload = { $case: 'message', value: message } as const;
  const asked = {
    requestId,
    keyId: key.keyId,
    payload,
    derivationPath: [],
    hash: Hash.UNSPECIFIED,
  };
  const bytes = encode(SignRequest, asked);
  return { method: METHODS.sign, bytes, requester, requestId, key, signed: message, expiresInMs };
}

/** Ed25519 keys, which are signed with by FROST. */
export const FROST_KEYS: KeyRequests = {
  keysMax: 3,
  signEveryMs: [150, 1_200],
  patience: 1,
  needMaterial: false,
  askForKey: (rng, number, nodes) => askForKey(rng, number, nodes),
  askToSign,
};
