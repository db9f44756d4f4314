import { utf8, type NodeId } from '../../src/common/index.js';
import { METHODS } from '../../src/state/index.js';
import {
  Algorithm,
  decode,
  encode,
  GenerateKeyRequest,
  Hash,
  SignRequest,
} from '../../src/wire/index.js';
import type { Rng } from './rng.js';

/** A key as its requester asked for it. */
export type AskedKey = {
  readonly keyId: string;
  readonly requester: string;
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
  /** Sign: what is to be signed. */
  readonly message: Uint8Array | undefined;
  readonly expiresInMs: number;
};

/** The id of a request for a key or a signature, read here and not by the code under test. */
export function requestIdOf(method: string, request: Uint8Array): string | undefined {
  return method.endsWith('/Sign')
    ? decode(SignRequest, request)?.requestId
    : decode(GenerateKeyRequest, request)?.requestId;
}

const GENERATE_EXPIRES_IN_MS = 600_000;

/** A request for a key of a random threshold among random nodes. */
export function askForKey(
  rng: Rng,
  number: number,
  nodes: readonly NodeId[],
): Asked & { readonly key: AskedKey } {
  const some = nodes.length > 3 && rng.chance(0.4);
  const count = some ? 3 + rng.int(nodes.length - 2) : nodes.length;
  const participants = some ? rng.shuffle(nodes).slice(0, count) : [];
  const threshold = 2 + rng.int(count - 1);
  const key: AskedKey = {
    keyId: `key-${number}`,
    requester: `spiffe://quorate/app/client-${rng.int(2)}`,
    publicKey: undefined,
  };
  const requestId = `generate-${number}`;
  const bytes = encode(
    GenerateKeyRequest,
    GenerateKeyRequest.fromPartial({
      requestId,
      keyId: key.keyId,
      algorithm: Algorithm.FROST_ED25519_SHA512,
      threshold,
      participants,
      allowNoRedundancy: threshold === count,
    }),
  );
  const { requester } = key;
  const [method, expiresInMs] = [METHODS.generateKey, GENERATE_EXPIRES_IN_MS];
  return { method, bytes, requester, requestId, key, message: undefined, expiresInMs };
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
  return { method: METHODS.sign, bytes, requester, requestId, key, message, expiresInMs };
}
