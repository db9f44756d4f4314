import { schnorr } from '@noble/curves/secp256k1.js';
import { expect, jest, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '../../../src/common/index.js';
import { secp256k1Group as group, taggedHash } from '../../../src/crypto/index.js';
import { aggregate, commit, signShare, taprootSuite as suite } from '../../../src/frost/index.js';
import { bind } from '../../../src/frost/binding.js';
import { signingKey } from '../../../src/frost/signing-key.js';
import { dealRandom, seededRandom, signAll } from '../../support/builders/frost-exchange.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(60_000);

const message = utf8('to be signed');
const random = seededRandom(86);
const isOdd = (point: Uint8Array) => point[0] === 3;

/** BIP-341, by another library: x(P + int(TapTweak(x(P)))·G), P the point with the even y, and the parity of that. */
function outputKey(V_0: Uint8Array) {
  const x = V_0.slice(1);
  const P = schnorr.utils.lift_x(BigInt(`0x${toHex(x)}`));
  const t = BigInt(`0x${toHex(schnorr.utils.taggedHash('TapTweak', x))}`);
  const Q = P.add(schnorr.Point.BASE.multiply(t)).toBytes();
  return { x: Q.slice(1), odd: isOdd(Q) };
}

test('the eight parities of internal key, output key and R all sign, and blame the right one', () => {
  const seen = new Set<string>();
  for (let tried = 0; seen.size < 8 && tried < 200; tried++) {
    const { key, shares } = dealRandom(suite, 2, 3, random);
    const output = outputKey(key.V[0] ?? new Uint8Array());
    expect(key.publicKey).toEqual(output.x);
    const signing = signingKey(suite, key);
    if (signing === undefined) throw new Error('the key is sound');
    const signers = shares.slice(1);
    const made = signAll(suite, key, signers, message, random);
    const binding = bind(suite, signing, made.B, message);
    if ('badCommitment' in binding) throw new Error('the commitments are points');
    seen.add([isOdd(key.V[0] ?? new Uint8Array()), output.odd, binding.negated].join());

    const result = aggregate(suite, key, made.B, message, made.shares, (signature) =>
      schnorr.verify(signature, message, Uint8Array.from(key.publicKey)),
    );
    expect(result.ok).toBe(true);
    // Every share is right by itself too, and a wrong one names its signer alone.
    const none = aggregate(suite, key, made.B, message, made.shares, () => false);
    expect(none).toEqual({ ok: false, culprits: [] });
    made.shares.set(3, made.shares.get(2) ?? new Uint8Array());
    const one = aggregate(suite, key, made.B, message, made.shares, () => false);
    expect(one).toEqual({ ok: false, culprits: [3] });
  }
  expect(seen.size).toBe(8);
});

test('attack 6: nothing is signed under the internal key, which could hide a script', () => {
  const { key, shares } = dealRandom(suite, 2, 3, random);
  const internal = (key.V[0] ?? new Uint8Array()).slice(1);
  const [one] = shares;
  if (one === undefined) throw new Error('there are three');

  const made = signAll(suite, key, shares.slice(0, 2), message, random);
  const result = aggregate(suite, key, made.B, message, made.shares, (signature) =>
    schnorr.verify(signature, message, internal),
  );

  expect(result).toEqual({ ok: false, culprits: [] });
  const nonce = commit(suite, one.scalar, random);
  const untweaked = { ...key, publicKey: internal };
  expect(signShare(suite, untweaked, one, nonce, made.B, message)).toEqual({
    declined: 'wrong-share',
    index: 1,
  });
});

test('attack 19: a key that is tweaked twice, or with a root of scripts, makes no share', () => {
  const { key, shares } = dealRandom(suite, 2, 3, random);
  const [one] = shares;
  if (one === undefined) throw new Error('there are three');
  const twice = outputKey(Uint8Array.of(2, ...key.publicKey)).x;
  const internal = (key.V[0] ?? new Uint8Array()).slice(1);
  const P = group.decode(Uint8Array.of(2, ...internal)) ?? group.identity;
  const root = new Uint8Array(32).fill(1);
  const t = group.decodeScalar(taggedHash('TapTweak', Uint8Array.of(...internal, ...root))) ?? 0n;
  const script = group.encode(group.add(P, group.multiplyBase(t))).slice(1);

  for (const publicKey of [twice, script]) {
    const { B } = signAll(suite, key, shares.slice(0, 2), message, random);
    const nonce = commit(suite, one.scalar, random);
    const result = signShare(suite, { ...key, publicKey }, one, nonce, B, message);
    expect(result).toEqual({ declined: 'wrong-share', index: 1 });
  }
});

/**
 * Values of ZcashFoundation/frost, frost-secp256k1-tr/tests/helpers/vectors.json: its suite has our hashes, and signs with
 * untweaked keys, so that what can be compared are nonces and binding factors.
 */
const OTHER = [
  {
    hidingRandomness: 'bda8e748e599187762cff956f03dc6ea13fc8e04491a0427b7e6e78600f41c52',
    keyShare: '08f89ffe80ac94dcb920c26f3f46140bfc7f95b493f8310f5fc1ea2b01f4254c',
    d: '58cd30723da418156fe9b71870a118e0bbc3d0353ba7c760f9bbc8d60c3dab29',
    factorInput:
      '02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f' +
      'c709887b880e002210593616e086c2a0652d18bad338a3d3987251602e45e0a5' +
      'a875faacc4377f0b6e4638c16db01b5f88070873ee789f5e9e6acf91f52fdd03' +
      '0000000000000000000000000000000000000000000000000000000000000001',
    factor: '55a3e44879db6daf00c81eb28e828869560c0901f347baff524f1c91a6669604',
  },
  {
    hidingRandomness: '70818dd5170672c4a4285fd593d4f222417f941f3118e1244955e7a1098a35d8',
    keyShare: '00e95d59dd0d46b0e303e500b62b7ccb0e555d49f5b849f5e748c071da8c0dbc',
    d: 'a4109db0a5db30fac8cd1f4e272ff02e08258928f067d82c63d97279b114514a',
    factorInput:
      '02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f' +
      'c709887b880e002210593616e086c2a0652d18bad338a3d3987251602e45e0a5' +
      'a875faacc4377f0b6e4638c16db01b5f88070873ee789f5e9e6acf91f52fdd03' +
      '0000000000000000000000000000000000000000000000000000000000000003',
    factor: '444c1cc7cfe48f4577cce65488f337a9cc8c33dea4cfa986eb590bd8e2b1fa2d',
  },
] as const;
const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

test.each(OTHER)('H1 and H3 are those of the other implementation of the suite', (values) => {
  const { hidingRandomness, keyShare, d, factorInput, factor } = values;

  const nonce = suite.H3(Uint8Array.of(...bytes(hidingRandomness), ...bytes(keyShare)));
  expect(toHex(group.encodeScalar(nonce))).toBe(d);
  expect(toHex(group.encodeScalar(suite.H1(bytes(factorInput))))).toBe(factor);
  // H4 of the message stands behind the key.
  expect(toHex(suite.H4(utf8('test')))).toBe(factorInput.slice(66, 130));
});
