import { beforeAll, describe, expect, test } from '@jest/globals';
import { presentKey } from '../../../src/api/present.js';
import { verifyKeyCertificate } from '../../../src/client/index.js';
import type { Genesis, Judgement, Key } from '../../../src/client/index.js';
import { nodeId } from '../../../src/common/index.js';
import {
  BUILD_LEVEL,
  DEFAULT_LIMITS,
  encodeGenesis,
  installedBytes,
  parseGenesis,
  readyBytes,
} from '../../../src/identity/index.js';
import { activeRecord, firstRecord, sharingOf, METHODS } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { encode, GenerateKeyRequest, ResharingRecord } from '../../../src/wire/index.js';
import type { Sharing, VersionCertificate } from '../../../src/wire/index.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';
import { reshareRequest } from '../../support/builders/resharing.js';
import { certifiedKey, pair, signBy } from './certified.js';

const CREATED_MS = 1_700_000_000_000;
const NAMES = ['node-1', 'node-2', 'node-3'];
const nodes = NAMES.map(pair);
const key = pair();
const asked = encode(
  GenerateKeyRequest,
  GenerateKeyRequest.fromPartial({
    requestId: 'r-1',
    keyId: 'demo',
    algorithm: 1,
    threshold: 2,
    participants: NAMES,
  }),
);

let genesis: Genesis;
let owner: Requester;
let operator: Requester;
let stranger: Requester;
beforeAll(async () => {
  const authority = await RequesterAuthority.create(CREATED_MS);
  owner = await authority.requester('app', 'app');
  operator = await authority.requester('operator', 'alice');
  stranger = await authority.requester('app', 'other');
  genesis = parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: CREATED_MS,
      members: nodes.map(({ publicKey: identityKey }, at) => ({
        nodeId: nodeId(NAMES[at] ?? ''),
        role: 'tee',
        identityKey,
      })),
      peerCa: authority.credential.certificate,
      requesterCa: authority.credential.certificate,
      unsigned: true,
      limits: DEFAULT_LIMITS,
    }),
  );
});

type Later = {
  readonly threshold?: number;
  readonly participants?: readonly string[];
  /** The request that named these, and its signer. */
  readonly request?: Uint8Array;
  readonly by?: Requester;
  readonly installed?: number;
  readonly lies?: Partial<Sharing>;
};

/** Version 2 of a key, as its participants signed it. */
function later({ threshold = 2, participants = NAMES, installed = 3, ...more }: Later): ActiveKey {
  const base = certifiedKey(genesis, nodes, key, asked);
  const [first = key.publicKey, ...others] = base.publicPolynomial;
  const sharing: Sharing = {
    ...sharingOf(base),
    sessionId: new Uint8Array(32).fill(21),
    requestHash: new Uint8Array(32).fill(22),
    threshold,
    participants: base.participants.filter((each) => participants.includes(each.nodeId)),
    baseVersion: 1,
    version: 2,
    publicPolynomial: [first, ...Array.from({ length: threshold - 1 }, () => others[0] ?? first)],
    digest: new Uint8Array(32).fill(23),
    ...more.lies,
  };
  const said = (bytes: Uint8Array) =>
    nodes.flatMap((node, at) => {
      const name = NAMES[at] ?? '';
      const isIn = sharing.participants.some((each) => each.nodeId === name);
      return isIn ? [{ nodeId: name, signature: signBy(node, bytes) }] : [];
    });
  const { clusterId } = genesis;
  const method = METHODS.reshareKey;
  const expireTimeMs = CREATED_MS + 600_000;
  const { request, by } = more;
  const value = request && by?.sign({ clusterId, method, expireTimeMs, request });
  return {
    ...base,
    ...sharing,
    ready: said(readyBytes(clusterId, sharing)),
    installed: said(installedBytes(clusterId, sharing)).slice(0, installed),
    resharing: ResharingRecord.fromPartial({
      first: firstRecord(base),
      previous: activeRecord(base),
      authority:
        request === undefined
          ? undefined
          : {
              method,
              request,
              authorization: { by: value && { $case: 'signed', value } },
            },
    }),
  };
}

const shown = (of: Later = {}): Key => presentKey(genesis.clusterId, later(of));
const judge = (shownKey: Key): Judgement => verifyKeyCertificate(shownKey, genesis);

type Change = (inUse: VersionCertificate, sharing: Sharing, key: Key) => void;

function altered(alter: Change): Judgement {
  const changed = structuredClone(shown());
  const inUse = changed.certificate?.inUse;
  if (inUse?.sharing === undefined) throw new Error('version 2 is in use');
  alter(inUse, inUse.sharing, changed);
  return judge(changed);
}

test('a key after a refresh verifies as it did before, with the version in use beside it', () => {
  const refreshed = shown();
  expect([refreshed.version, refreshed.certificate?.format]).toEqual([2, 2]);
  expect(judge(refreshed).verdict).toBe('vouched');
  expect(judge({ ...refreshed, version: 1 }).verdict).toBe('unverified');
});

test('until the certificate of a later version is complete, the one before is shown', () => {
  const early = shown({ installed: 1 });
  expect([early.version, early.certificate?.format]).toEqual([1, 1]);
  expect(judge(early).verdict).toBe('vouched');
  expect(shown({ installed: 2 }).version).toBe(2);
});

test('threshold and participants are those that the owner or an operator has named', () => {
  const participants = ['node-1', 'node-3'];
  const request = reshareRequest('demo', { threshold: 2, participants, allowNoRedundancy: true });
  const three = reshareRequest('demo', {
    threshold: 3,
    participants: NAMES,
    allowNoRedundancy: true,
  });
  for (const by of [owner, operator]) {
    expect(judge(shown({ participants, request, by })).verdict).toBe('vouched');
    expect(judge(shown({ threshold: 3, request: three, by })).verdict).toBe('vouched');
  }
  for (const [of, words] of [
    [{ threshold: 3 }, /nobody with the right/],
    [{ threshold: 3, request, by: owner }, /nobody with the right/],
    [{ participants: NAMES, request, by: owner }, /nobody with the right/],
    [{ threshold: 3, request: three, by: stranger }, /neither its owner nor an operator/],
    [{ threshold: 3, request: three }, /does not count/],
    [
      {
        threshold: 3,
        request: reshareRequest('other', { threshold: 3, participants: NAMES }),
        by: owner,
      },
      /not one to reshare it/,
    ],
    [{ threshold: 3, request: asked, by: owner }, /not one to reshare it/],
  ] as const) {
    const judged = judge(shown(of));
    expect([judged.verdict, judged.because]).toEqual(['unverified', expect.stringMatching(words)]);
  }
});

test('a refresh may leave out a node that lied', () => {
  expect(judge(shown({ participants: ['node-1', 'node-3'] })).verdict).toBe('vouched');
});

describe('a later version is unverified', () => {
  test.each<[string, Partial<Sharing>]>([
    ['of another public key', { publicKey: pair().publicKey }],
    ['of another chain code', { chainCode: new Uint8Array(32) }],
    ['of another key id', { keyId: 'other' }],
    ['that skips a version', { version: 3, baseVersion: 1 }],
    ['that skips its base', { baseVersion: 0 }],
    ['of another sharing', { publicPolynomial: [pair().publicKey, pair().publicKey] }],
    ['with a point less', { publicPolynomial: [key.publicKey] }],
  ])('%s, though all signed for it', (_, lies) => {
    const version = lies.version ?? 2;
    const lying = shown({ lies });
    const certificate = lying.certificate;
    expect(judge({ ...lying, version, ...(certificate && { certificate }) }).verdict).toBe(
      'unverified',
    );
  });

  test.each<[string, Change]>([
    ['a participant has not signed', (v) => v.ready.pop()],
    ['a participant signed twice, another not', (v) => (v.ready[1] = v.ready[0]!)],
    ['a signature does not verify', (v) => (v.ready[1]!.signature[5]! ^= 1)],
    ['too few have installed it', (v) => v.installed.pop()],
    ['one has installed it twice', (v) => (v.installed[1] = v.installed[0]!)],
    ['its session is another', (_, s) => (s.sessionId[0]! ^= 1)],
    ['its digest is another', (_, s) => (s.digest[0]! ^= 1)],
    ['it has no sharing', (v) => (v.sharing = undefined)],
    [
      'a participant brings its own key',
      (_, s) => (s.participants[0]!.identityKey = pair().publicKey),
    ],
    ['the key shows another threshold', (_, __, k) => (k.threshold = 3)],
    ['the key shows other participants', (_, __, k) => k.participants.pop()],
    ['its certificate says that it has none', (_, __, k) => (k.certificate!.format = 1)],
    ['the first version is not certified', (_, __, k) => k.certificate!.ready.pop()],
  ])('where %s', (_, alter) => expect(altered(alter).verdict).toBe('unverified'));
});
