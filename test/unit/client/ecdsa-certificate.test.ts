import { beforeAll, expect, test } from '@jest/globals';
import { derivePublicKey, verifyKeyCertificate } from '../../../src/client/index.js';
import type { Genesis, Key } from '../../../src/client/index.js';
import { presentKey } from '../../../src/api/present.js';
import { p256Group, secp256k1Group } from '../../../src/crypto/index.js';
import { Algorithm, encode, GenerateKeyRequest, Gg20Profile } from '../../../src/wire/index.js';
import type { Sharing } from '../../../src/wire/index.js';
import { authorities, genesisFor, NODES } from '../rpc/server-fixture.js';
import { certifiedKey, pair } from './certified.js';

const nodes = NODES.map(pair);
let genesis: Genesis;
beforeAll(async () => {
  genesis = genesisFor(await authorities(), { keys: nodes.map(({ publicKey }) => publicKey) });
});

type Asked = Pick<GenerateKeyRequest, 'algorithm' | 'gg20Profile'>;

/** A key of GG20 as an honest cluster shows it, of a sharing that may be altered. */
function shown(
  { algorithm, gg20Profile }: Asked,
  changes: Partial<Sharing> = {},
): { readonly key: Key; readonly asked: Uint8Array } {
  const group = algorithm === Algorithm.GG20_P256 ? p256Group : secp256k1Group;
  const publicPolynomial = [3n, 5n].map((each) => group.encode(group.multiplyBase(each)));
  const [publicKey = new Uint8Array()] = publicPolynomial;
  const fields = { requestId: 'r-1', keyId: 'demo', threshold: 2, participants: [...NODES] };
  const request = GenerateKeyRequest.fromPartial({ ...fields, algorithm, gg20Profile });
  const asked = encode(GenerateKeyRequest, request);
  const sharing = { algorithm, publicPolynomial, publicKey, ...changes };
  const record = certifiedKey(genesis, nodes, pair(), asked, { ready: sharing });
  return { key: presentKey(genesis.clusterId, record), asked };
}

const ASKED: readonly Asked[] = [
  { algorithm: Algorithm.GG20_SECP256K1, gg20Profile: Gg20Profile.UNSPECIFIED },
  { algorithm: Algorithm.GG20_SECP256K1, gg20Profile: Gg20Profile.P2048 },
  { algorithm: Algorithm.GG20_P256, gg20Profile: Gg20Profile.P3072 },
];

test.each(ASKED)('the certificate of an ECDSA key is judged as any other: %j', (each) => {
  const { key, asked } = shown(each);
  const reader = { asked, spiffeId: 'spiffe://quorate/app/app' };
  expect(verifyKeyCertificate(key, genesis, reader)).toMatchObject({ verdict: 'vouched' });
  expect(derivePublicKey(key, [0, 5])).toHaveLength(33);
});

test('an ECDSA key whose request, algorithm or public key is another is unverified', () => {
  const [each = { algorithm: 0, gg20Profile: 0 }, other = each] = ASKED;
  const { key, asked } = shown(each);
  const judge = (altered: Key, by = asked) =>
    verifyKeyCertificate(altered, genesis, { asked: by, spiffeId: 'spiffe://quorate/app/app' })
      .verdict;
  expect(judge(key)).toBe('vouched');
  // The same key asked for with another profile.
  expect(judge(key, shown(other).asked)).toBe('unverified');
  expect(judge({ ...key, algorithm: Algorithm.GG20_P256 })).toBe('unverified');
  expect(judge({ ...key, algorithm: Algorithm.FROST_SECP256K1_SHA256 })).toBe('unverified');
  const publicKey = secp256k1Group.encode(secp256k1Group.multiplyBase(5n));
  expect(judge(shown(each, { publicKey }).key)).toBe('unverified');
  // x = 5 is no point's.
  const first = Uint8Array.of(2, ...new Uint8Array(31), 5);
  const noPoint = shown(each, { publicPolynomial: [first, first], publicKey: first });
  expect(judge(noPoint.key)).toBe('unverified');
});

test('a profile of a FROST key, or one that there is not, makes no request to generate a key', () => {
  const frost = { algorithm: Algorithm.FROST_SECP256K1_SHA256, gg20Profile: Gg20Profile.P2048 };
  const unknown = { algorithm: Algorithm.GG20_P256, gg20Profile: 9 as Gg20Profile };
  for (const each of [frost, unknown])
    expect(verifyKeyCertificate(shown(each).key, genesis)).toMatchObject({
      verdict: 'unverified',
      because: 'its request is not one to generate a key',
    });
});
