import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createPublicKey, verify as verifyByOpenssl } from 'node:crypto';
import {
  ecdsaToDer,
  ecdsaToRaw,
  ethereumSignature,
  fromEthereumSignature,
  hasLowS,
  recoverPublicKey,
} from '../../src/client/index.js';
import { concat, equal, fromHex, toHex } from '../../src/common/index.js';
import { encodeBigEndian, p256Group, secp256k1Group, sha256 } from '../../src/crypto/index.js';
import { ecdsaBy, verifyEcdsaP256, verifyEcdsaSecp256k1 } from '../../src/machine/index.js';

const RUNS = 40;
const CURVES = [
  {
    curve: 'secp256k1',
    library: secp256k1,
    checks: [verifyEcdsaSecp256k1, ecdsaBy(secp256k1Group)],
    spki: '3056301006072a8648ce3d020106052b8104000a034200',
  },
  {
    curve: 'P-256',
    library: p256,
    checks: [verifyEcdsaP256, ecdsaBy(p256Group)],
    spki: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  },
] as const;

const half = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }).map((n) => encodeBigEndian(n, 32));
/** Halves of few bytes too, whose DER is shorter. */
const shortHalf = fc.bigInt({ min: 1n, max: 2n ** 16n }).map((n) => encodeBigEndian(n, 32));
const anyHalf = fc.oneof(half, shortHalf);

test('every r ‖ s comes back from its DER, and OpenSSL reads the same', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyHalf, anyHalf, (r, s) => {
      const raw = concat(r, s);
      expect(toHex(ecdsaToRaw(ecdsaToDer(raw)))).toBe(toHex(raw));
      // @noble/curves writes DER of its own.
      const written = new secp256k1.Signature(
        BigInt(`0x${toHex(r)}`) % secp256k1.Point.Fn.ORDER || 1n,
        BigInt(`0x${toHex(s)}`) % secp256k1.Point.Fn.ORDER || 1n,
      );
      expect(toHex(ecdsaToDer(written.toBytes('compact')))).toBe(toHex(written.toBytes('der')));
    }),
  );
});

test('no other bytes than the DER of a signature are read as it', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyHalf, anyHalf, fc.nat(), fc.integer({ min: 1, max: 255 }), (r, s, at, bits) => {
      const der = ecdsaToDer(concat(r, s));
      const changed = der.map((byte, place) => (place === at % der.length ? byte ^ bits : byte));
      let read: Uint8Array | undefined;
      try {
        read = ecdsaToRaw(changed);
      } catch {
        return;
      }
      // What is read has one spelling, so it is another signature.
      expect(toHex(ecdsaToDer(read))).toBe(toHex(changed));
      expect(equal(read, concat(r, s))).toBe(false);
    }),
  );
});

describe.each(CURVES)('on $curve', ({ curve, library, checks, spki }) => {
  const secret = fc.bigInt({ min: 1n, max: library.Point.Fn.ORDER - 1n });
  const message = fc.uint8Array({ maxLength: 80 });

  test('a signature of @noble/curves verifies, as OpenSSL says, and its key is recovered', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(secret, message, (x, m) => {
        const key = encodeBigEndian(x, 32);
        const publicKey = library.getPublicKey(key);
        const digest = sha256(m);
        const made = library.sign(digest, key, { prehash: false, lowS: true, format: 'recovered' });
        const [recoveryId = 9, signature] = [made[0], made.slice(1)];
        const der = Buffer.concat([
          fromHex(spki) ?? new Uint8Array(),
          library.getPublicKey(key, false),
        ]);
        const openssl = createPublicKey({ key: der, format: 'der', type: 'spki' });

        for (const check of checks) expect(check(publicKey, digest, signature)).toBe(true);
        const raw = { key: openssl, dsaEncoding: 'ieee-p1363' } as const;
        expect(verifyByOpenssl('sha256', m, raw, signature)).toBe(true);
        expect(verifyByOpenssl('sha256', m, openssl, ecdsaToDer(signature))).toBe(true);
        expect(hasLowS(curve, signature)).toBe(true);
        expect(toHex(recoverPublicKey(curve, digest, signature, recoveryId))).toBe(
          toHex(publicKey),
        );
        // The other parity gives another key, or none.
        let other = '';
        try {
          other = toHex(recoverPublicKey(curve, digest, signature, recoveryId ^ 1));
        } catch {}
        expect(other).not.toBe(toHex(publicKey));
      }),
      { numRuns: RUNS },
    );
  });

  test('with the higher s, another digest or a changed bit it does not verify', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(secret, message, fc.nat(511), (x, m, bit) => {
        const key = encodeBigEndian(x, 32);
        const publicKey = library.getPublicKey(key);
        const digest = sha256(m);
        const signature = library.sign(digest, key, { prehash: false, lowS: true });
        const s = BigInt(`0x${toHex(signature.slice(32))}`);
        const high = encodeBigEndian(library.Point.Fn.ORDER - s, 32);
        const changed = signature.map((byte, at) =>
          at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
        );
        for (const check of checks) {
          expect(check(publicKey, digest, concat(signature.slice(0, 32), high))).toBe(false);
          expect(check(publicKey, sha256(digest), signature)).toBe(false);
          expect(check(publicKey, digest, changed)).toBe(false);
          expect(check(publicKey, digest.slice(1), signature)).toBe(false);
          expect(check(publicKey.slice(1), digest, signature)).toBe(false);
          expect(check(publicKey, digest, signature.slice(1))).toBe(false);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

test('a signature written for Ethereum is read back', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(half, half, fc.nat(1), (r, s, recoveryId) => {
      const signature = concat(r, s);
      const read = fromEthereumSignature(ethereumSignature(signature, recoveryId));
      expect(read).toEqual({ signature, recoveryId });
    }),
  );
});
