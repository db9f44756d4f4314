import { createPublicKey, verify } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { combineSessionJob, SCHEMES } from '../../../../src/algorithms/index.js';
import { toHex, utf8, type PartyIndex } from '../../../../src/common/index.js';
import { sha256 } from '../../../../src/crypto/index.js';
import {
  parameterSet,
  PROFILES,
  type AskedSignature,
  type CurveName,
} from '../../../../src/gg20/index.js';
import { Algorithm } from '../../../../src/wire/index.js';
import { testVerify } from '../../../support/builders/frost-exchange.js';
import { CURVES } from '../../../support/builders/gg20.js';
import { begin, dealKey, signAll } from '../../../support/builders/gg20-signing.js';
import { VERIFIERS } from '../../../support/builders/schemes.js';

const MESSAGE = utf8('pay 5 to Ada');

const NOBLE = { secp256k1, 'P-256': p256 } as const;
const ALGORITHMS = { secp256k1: Algorithm.GG20_SECP256K1, 'P-256': Algorithm.GG20_P256 } as const;

/** DER of a short sequence. */
const sequence = (hex: string): string =>
  `30${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`;

/** ECDSA by OpenSSL: the key as RFC 5480 spells a compressed point. */
function verifiesByOpenssl(curve: CurveName, point: Uint8Array, signature: Uint8Array): boolean {
  const oid = { secp256k1: '06052b8104000a', 'P-256': '06082a8648ce3d030107' }[curve];
  const algorithm = `06072a8648ce3d0201${oid}`;
  const spki = sequence(`${sequence(algorithm)}032200${toHex(point)}`);
  const key = createPublicKey({ key: Buffer.from(spki, 'hex'), format: 'der', type: 'spki' });
  return verify('sha256', MESSAGE, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

describe.each<[CurveName, readonly PartyIndex[], readonly number[]]>([
  ['secp256k1', [1, 3], []],
  ['secp256k1', [2, 3], [44, 7]],
  ['P-256', [1, 2], [5]],
])('%s, signers %j, path %j, at 2048 bits', (curve, signers, path) => {
  test('make a signature that OpenSSL and @noble/curves verify under the key at the path', async () => {
    const set = parameterSet(CURVES[curve], PROFILES.P2048);
    const key = dealKey(set, 'P2048', signers, 3);
    const asked: AskedSignature = { form: 'message', hash: 1, digest: sha256(MESSAGE), path };
    const begun = await begin(key, asked);
    const outcomes = await signAll(key, begun);
    const shares = new Map(
      [...outcomes].map(([i, outcome]) => {
        if (!outcome.ok) throw outcome.error;
        return [i, outcome.value];
      }),
    );
    const algorithm = ALGORITHMS[curve];
    const input = { algorithm, mode: 'interactive', basis: key.basis, asked, shares } as const;
    const context = {
      schemes: SCHEMES,
      verifiers: VERIFIERS,
      gg20: key.tables,
      verify: testVerify,
    };
    const made = combineSessionJob.compute(input, context);
    if (!made.ok) throw new Error(`wrong shares of ${made.culprits.join()}`);
    const { publicKey, bytes, recoveryId } = made;
    const noble = NOBLE[curve];

    expect(verifiesByOpenssl(curve, publicKey, bytes)).toBe(true);
    expect(noble.verify(bytes, MESSAGE, publicKey)).toBe(true);
    const recovered = noble.Signature.fromBytes(bytes)
      .addRecoveryBit(recoveryId)
      .recoverPublicKey(sha256(MESSAGE));
    expect(recovered.toBytes(true)).toEqual(publicKey);
    const isItself = toHex(publicKey) === toHex(key.basis.V[0] ?? new Uint8Array());
    expect(isItself).toBe(path.length === 0);
  });
});
