import { beforeAll, describe, expect, test } from '@jest/globals';
import { verifyKeyCertificate } from '../../../src/client/index.js';
import type { Genesis, Judgement, Key, KeyCertificate } from '../../../src/client/index.js';
import { presentKey } from '../../../src/api/present.js';
import { encode, GenerateKeyRequest } from '../../../src/wire/index.js';
import type { Sharing } from '../../../src/wire/index.js';
import { authorities, genesisFor, NODES } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { certifiedKey, pair, signBy } from './certified.js';

const nodes = NODES.map(pair);
const key = pair();
const CALLER = 'spiffe://quorate/app/app';
const asked = encode(
  GenerateKeyRequest,
  GenerateKeyRequest.fromPartial({
    requestId: 'r-1',
    keyId: 'demo',
    algorithm: 1,
    threshold: 2,
    participants: [...NODES],
  }),
);

let both: Authorities;
let genesis: Genesis;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both, { keys: nodes.map(({ publicKey }) => publicKey) });
});

const shown = (changes?: Parameters<typeof certifiedKey>[4], request = asked): Key =>
  presentKey(genesis.clusterId, certifiedKey(genesis, nodes, key, request, changes));

type Change = (key: Key, certificate: KeyCertificate, sharing: Sharing) => void;

function judgeAltered(alter: Change): Judgement {
  const altered = structuredClone(shown());
  const { certificate } = altered;
  if (certificate?.sharing === undefined) throw new Error('the key has no certificate');
  alter(altered, certificate, certificate.sharing);
  return verifyKeyCertificate(altered, genesis, { asked, spiffeId: CALLER });
}

test('a key that all participants signed for, by an unsigned request, is vouched', () => {
  expect(verifyKeyCertificate(shown(), genesis, { asked, spiffeId: CALLER })).toMatchObject({
    verdict: 'vouched',
  });
  expect(verifyKeyCertificate(shown(), genesis)).toMatchObject({ verdict: 'vouched' });
});

test('a request that names no participants means all voters', () => {
  const unnamed = encode(GenerateKeyRequest, {
    ...GenerateKeyRequest.decode(asked),
    participants: [],
  });
  expect(verifyKeyCertificate(shown({}, unnamed), genesis)).toMatchObject({ verdict: 'vouched' });
});

test('a key with too few installed participants is pending', () => {
  expect(verifyKeyCertificate(shown({ installed: 2 }), genesis).verdict).toBe('vouched');
  expect(verifyKeyCertificate(shown({ installed: 1 }), genesis).verdict).toBe('pending');
  const forged = judgeAltered((_, certificate) => {
    for (const said of certificate.installed) said.signature[0]! ^= 1;
  });
  expect(forged.verdict).toBe('pending');
});

test('a certificate is complete with as many installed participants as a signature takes, and stays complete with more', () => {
  expect(shown({ installed: 3 })).toEqual(shown({ installed: 2 }));
  expect(shown({ installed: 2 })).not.toEqual(shown({ installed: 1 }));
});

test('one participant that reports installed twice counts once', () => {
  const { verdict } = judgeAltered((_, certificate) => {
    const [first] = certificate.installed;
    certificate.installed = first === undefined ? [] : [first, first];
  });
  expect(verdict).toBe('pending');
});

test('a client without a cluster file verifies no key', () => {
  expect(verifyKeyCertificate(shown(), undefined).verdict).toBe('unverified');
});

describe('an unverified key', () => {
  test.each<[string, Change]>([
    ['it has no certificate', (altered) => (altered.certificate = undefined)],
    ['its id is another', (altered) => (altered.keyId = 'other')],
    ['its public key is another', (altered) => (altered.publicKey = pair().publicKey)],
    ['its threshold is another', (altered) => (altered.threshold = 3)],
    ['its version is another', (altered) => (altered.version = 2)],
    [
      'it names other participants',
      (altered) => (altered.participants = altered.participants.toReversed()),
    ],
    ['its certificate is of a later form', (_, c) => (c.format = 2)],
    ['its certificate is of no form', (_, c) => (c.format = 0)],
    ['its certificate is of another cluster', (_, c) => (c.clusterId = '0'.repeat(32))],
    ['its sharing has a point more', (_, __, s) => s.publicPolynomial.push(pair().publicKey)],
    [
      'its sharing is of another key',
      (_, __, s) => (s.publicPolynomial = s.publicPolynomial.toReversed()),
    ],
    [
      'a participant is unknown to the client',
      (k, _, s) => {
        k.participants[2] = 'node-9';
        s.participants[2]!.nodeId = 'node-9';
      },
    ],
    [
      'a participant brings an identity key of its own',
      (_, __, s) => (s.participants[0]!.identityKey = pair().publicKey),
    ],
    ['a participant has not signed', (_, c) => c.ready.pop()],
    ['a participant signed twice, another not', (_, c) => (c.ready[1] = c.ready[0]!)],
    [
      'one more node has signed',
      (_, c) => c.ready.push({ nodeId: 'node-9', signature: new Uint8Array(64) }),
    ],
    ['a signature does not verify', (_, c) => (c.ready[1]!.signature[5]! ^= 1)],
    ['its session is another', (_, __, s) => (s.sessionId[0]! ^= 1)],
    ['its digest is another', (_, __, s) => (s.digest[0]! ^= 1)],
    ['its chain code is another', (_, __, s) => (s.chainCode[0]! ^= 1)],
    ['its request hash is another', (_, __, s) => (s.requestHash[0]! ^= 1)],
    ['its request is another', (_, c) => (c.request = Uint8Array.of(1))],
    ['its method is another', (_, c) => (c.method = '/quorate.v1.SigningService/Sign')],
    ['no authority stands for the request', (_, c) => (c.authority = undefined)],
    [
      'the voucher is for another requester',
      (_, c) => {
        if (c.authority?.$case === 'voucher')
          c.authority.value.spiffeId = 'spiffe://quorate/app/eve';
      },
    ],
    [
      'the voucher is by an unknown node',
      (_, c) => {
        if (c.authority?.$case === 'voucher') c.authority.value.nodeId = 'node-9';
      },
    ],
    [
      'a requester’s signature stands there, which this version does not check',
      (_, c) => {
        c.authority = {
          $case: 'signed',
          value: { certificates: [], signature: new Uint8Array(64), expireTimeMs: 0n },
        };
      },
    ],
  ])('a key is unverified when %s', (_, alter) => {
    expect(judgeAltered(alter).verdict).toBe('unverified');
  });

  test('a key that differs from the generated key is unverified, though all participants signed', () => {
    const lower = {
      ...GenerateKeyRequest.decode(asked),
      participants: ['node-1', 'node-2'],
      allowNoRedundancy: true,
    };
    const request = encode(GenerateKeyRequest, lower);
    expect(verifyKeyCertificate(shown({}, request), genesis).verdict).toBe('unverified');
    expect(
      verifyKeyCertificate(shown(), genesis, { asked: request, spiffeId: CALLER }).verdict,
    ).toBe('unverified');
  });

  test('a key is unverified when its participants signed for another threshold than the request asks for', () => {
    const ready = { threshold: 3, publicPolynomial: [key.publicKey, key.publicKey, key.publicKey] };
    expect(verifyKeyCertificate(shown({ ready }), genesis).verdict).toBe('unverified');
  });

  test('a key is unverified when another node signed in a participant’s name', () => {
    const [one, , three] = nodes;
    const swapped = [one, three, three].filter((each) => each !== undefined);
    const record = certifiedKey(genesis, swapped, key, asked);
    const judged = verifyKeyCertificate(presentKey(genesis.clusterId, record), genesis);
    expect(judged.verdict).toBe('unverified');
  });

  test('an unsigned request makes no verified key where the cluster takes signed ones only', () => {
    const strict = genesisFor(both, {
      unsigned: false,
      keys: nodes.map(({ publicKey }) => publicKey),
    });
    const record = certifiedKey(strict, nodes, key, asked);
    const judged = verifyKeyCertificate(presentKey(strict.clusterId, record), strict);
    expect(judged.verdict).toBe('unverified');
  });
});

test('the test’s own signatures are Ed25519', () => {
  expect(signBy(key, new Uint8Array(3))).toHaveLength(64);
});
