import { sign } from 'node:crypto';
import { nodeId, utf8 } from '../../src/common/index.js';
import { BUILD_LEVEL, DEFAULT_LIMITS, encodeGenesis } from '../../src/identity/index.js';
import { privateKeyObject, rawPublicKey } from '../../src/machine/ed25519.js';
import type { Signer } from '../../src/ports/index.js';
import { sealEntry, ZERO_HASH } from '../../src/raft/entry-hash.js';
import { wordsToBytes } from '../../src/raft/evidence/codec.js';
import { NO_WORDS } from '../../src/raft/evidence/words.js';
import { encodeMessage } from '../../src/raft/index.js';
import type { Message, PeerMessage } from '../../src/raft/index.js';
import {
  Algorithm,
  CorrectTimeRequest,
  encode,
  DestroyKeyRequest,
  GenerateKeyRequest,
  Gg20Profile,
  CancelTaskRequest,
  PrepareRequest,
  PresignRequest,
  RefreshRequest,
  ReshareKeyRequest,
  RestoreKeyRequest,
  RetireKeyRequest,
  RevokeCertificateRequest,
  SignRequest,
} from '../../src/wire/index.js';
import { seededRandom } from '../support/builders/frost-exchange.js';

/** 32 bytes that are the same in every run. */
export function bytes32(seed: number): Uint8Array {
  return seededRandom(seed).bytes(32);
}

/** A genesis with what every genesis has. */
export function genesisSeed(): Uint8Array {
  const ca = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  return encodeGenesis({
    level: BUILD_LEVEL,
    createdMs: 1_700_000_000_000,
    members: ['node-1', 'node-2', 'node-3'].map((id, at) => ({
      nodeId: nodeId(id),
      role: 'tee',
      identityKey: bytes32(at),
    })),
    peerCa: ca,
    requesterCa: ca,
    unsigned: true,
    limits: DEFAULT_LIMITS,
  });
}

export function generateKeySeed(): Uint8Array {
  return encode(GenerateKeyRequest, {
    requestId: 'ask-1',
    keyId: 'treasury',
    algorithm: Algorithm.FROST_ED25519_SHA512,
    threshold: 2,
    participants: ['node-1', 'node-2', 'node-3'],
    labels: [{ key: 'team', value: 'payments' }],
    allowNoRedundancy: false,
    allowedSigners: ['spiffe://quorate/app/payments'],
    gg20Profile: 0,
    reshareInterval: { seconds: 86_400n, nanos: 0 },
  });
}

export function signSeed(): Uint8Array {
  return encode(SignRequest, {
    ...SignRequest.decode(new Uint8Array(0)),
    requestId: 'ask-2',
    keyId: 'treasury',
    payload: { $case: 'message', value: utf8('pay') },
  });
}

export function correctTimeSeed(): Uint8Array {
  return encode(CorrectTimeRequest, {
    requestId: 'ask-3',
    number: 1,
    seenTimeMs: 1_900_000_000_000n,
    timeMs: 1_800_000_000_000n,
    allowRepeats: false,
  });
}

export function revokeSeed(): Uint8Array {
  return encode(RevokeCertificateRequest, {
    requestId: 'ask-8',
    serial: Uint8Array.of(1, 2, 3),
    keyHash: new Uint8Array(0),
    allowOwn: false,
    allowNode: true,
  });
}

export function retireSeed(): Uint8Array {
  const recoveryWindow = { seconds: 3_600n, nanos: 0 };
  return encode(RetireKeyRequest, { requestId: 'ask-4', keyId: 'treasury', recoveryWindow });
}

export function restoreSeed(): Uint8Array {
  return encode(RestoreKeyRequest, { requestId: 'ask-5', keyId: 'treasury' });
}

export function destroySeed(): Uint8Array {
  const keyId = 'treasury';
  return encode(DestroyKeyRequest, { requestId: 'ask-6', keyId, confirmKeyId: keyId });
}

export function reshareSeed(): Uint8Array {
  return encode(ReshareKeyRequest, {
    requestId: 'ask-6',
    keyId: 'treasury',
    threshold: 2,
    participants: ['node-1', 'node-2', 'node-4'],
    allowNoRedundancy: false,
    reshareInterval: { seconds: 43_200n, nanos: 0 },
  });
}

export function cancelSeed(): Uint8Array {
  return encode(CancelTaskRequest, { requestId: 'ask-7', taskId: 'a'.repeat(26) });
}

export function refreshSeed(): Uint8Array {
  const culprit = { nodeId: 'node-2', evidence: bytes32(9) };
  return encode(RefreshRequest, { keyId: 'treasury', version: 3, culprit });
}

export function presignSeed(): Uint8Array {
  return encode(PresignRequest, { keyId: 'ether', version: 1, serial: 7n });
}

export function prepareSeed(): Uint8Array {
  const participants = ['node-1', 'node-2'].map((id, at) => ({
    nodeId: id,
    identityKey: bytes32(at),
  }));
  return encode(PrepareRequest, {
    profile: Gg20Profile.P3072,
    participants,
    generation: 1,
    culprit: undefined,
  });
}

/** One of each kind. */
export function raftSeeds(): readonly Uint8Array[] {
  const head = { from: nodeId('node-1'), to: nodeId('node-2'), term: 7 };
  const entry = sealEntry(ZERO_HASH, {
    index: 1,
    term: 1,
    kind: 'genesis',
    timeMs: 5,
    payload: Uint8Array.of(1, 2, 3),
  });
  const reply = { type: 'append-reply', ...head, round: 3, clockMs: 1_700_000_000_000 } as const;
  const messages: readonly Message[] = [
    { type: 'vote-request', ...head, pre: true, lastIndex: 9, lastTerm: 6 },
    { type: 'vote-reply', ...head, pre: false, granted: true, clockMs: 5 },
    {
      type: 'append',
      ...head,
      round: 3,
      prevIndex: 0,
      prevTerm: 0,
      prevHash: ZERO_HASH,
      entries: [entry],
      commit: 1,
    },
    { ...reply, answer: { refused: undefined, match: 4 } },
    { ...reply, answer: { refused: 'time', match: 4 } },
    { ...reply, answer: { refused: 'conflict', prevIndex: 8, hintIndex: 4, hintTerm: 2 } },
    {
      type: 'acknowledgement',
      ...head,
      index: 4,
      hash: entry.hash,
      clockMs: 5,
      incarnation: 1,
      boot: new Uint8Array(16),
      order: 0,
      signature: new Uint8Array(64),
    },
    { type: 'read-request', ...head, readId: 2 ** 40 },
    { type: 'read-reply', ...head, readId: 1, index: 12 },
    { type: 'time-request', ...head },
    { type: 'time-reply', ...head, timeMs: 5 },
    {
      type: 'timeout-now',
      ...head,
      target: nodeId('node-9'),
      lastIndex: 4,
      lastTerm: head.term,
    },
  ];
  const speaker = { incarnation: 1, boot: new Uint8Array(16), order: 0 };
  const signed = { ...speaker, signature: new Uint8Array(64).fill(1) };
  const acknowledgement = { term: 7, index: 4, hash: entry.hash, clockMs: 5, ...signed };
  const vote = { term: 7, candidate: nodeId('node-9'), ...signed };
  const words = { ...NO_WORDS, acknowledgement, vote };
  const { boot } = speaker;
  const promises: readonly PeerMessage[] = [
    { type: 'vote', ...head, candidate: nodeId('node-9'), ...signed },
    { type: 'records-request', ...head, boot },
    { type: 'records', ...head, boot, words },
    { type: 'records', ...head, boot, words: NO_WORDS },
  ];
  return [...messages, ...promises].map(encodeMessage);
}

/** What is kept of a voter, in the form in which it is stored. */
export function signedWordsSeeds(): readonly Uint8Array[] {
  const speaker = { incarnation: 1, boot: new Uint8Array(16), order: 0 };
  const signed = { ...speaker, signature: new Uint8Array(64).fill(1) };
  const hash = new Uint8Array(32).fill(3);
  const acknowledgement = { term: 7, index: 4, hash, clockMs: 1_700_000_000_000, ...signed };
  const vote = { term: 7, candidate: nodeId('node-9'), ...signed };
  return [NO_WORDS, { ...NO_WORDS, vote }, { ...NO_WORDS, acknowledgement, vote }].map(
    wordsToBytes,
  );
}

/** A node whose key is the same in every run, so that a seed repeats what it signs. */
export function signerSeed(seed: number): Signer {
  const key = privateKeyObject(bytes32(seed));
  return {
    node: nodeId(`node-${seed}`),
    publicKey: rawPublicKey(key),
    sign: (bytes) => Uint8Array.from(sign(undefined, bytes, key)),
  };
}
