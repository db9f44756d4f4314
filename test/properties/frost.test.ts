import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { utf8, type PartyIndex } from '../../src/common/index.js';
import {
  decodeLittleEndian,
  ed25519Group,
  encodeLittleEndian,
  evaluateInExponent,
  inverse,
  lagrangeAtZero,
  modulo,
  randomScalar,
  SecretPolynomial,
} from '../../src/crypto/index.js';
import { aggregate } from '../../src/frost/index.js';
import { isRightOpening, keygen } from '../../src/sharing/index.js';
import { codecOf, signEnvelope, startSession, verifiedBody } from '../../src/mpc/index.js';
import { decode, encode, Envelope } from '../../src/wire/index.js';
import {
  dealRandom,
  seededRandom,
  signAll,
  testSigner,
  testVerify,
} from '../support/builders/frost-exchange.js';
import { smallGroup, smallSuite, verifySmall } from '../unit/frost/small-suite.js';

/** fast-check prints the seed and the path of a failure; to replay it, name both here. */
const RUNS = { numRuns: 100 };

const scalar = fc.bigInt({ min: 0n, max: ed25519Group.order - 1n });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** t, and at least t distinct indices. */
const quorum = fc
  .uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 20 })
  .chain((indices) =>
    fc.record({
      indices: fc.constant([...indices].sort((a, b) => a - b)),
      threshold: fc.integer({ min: 2, max: indices.length }),
    }),
  );

test('scalars: encoded scalars decode, and only canonical spellings decode', () => {
  fc.assert(
    fc.property(scalar, (value) => {
      expect(ed25519Group.decodeScalar(ed25519Group.encodeScalar(value))).toBe(value);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(bytes(32), (spelt) => {
      const value = ed25519Group.decodeScalar(spelt);
      const again = value === undefined ? undefined : ed25519Group.encodeScalar(value);
      expect(again ?? spelt).toEqual(spelt);
      expect(value === undefined).toBe(decodeLittleEndian(spelt) >= ed25519Group.order);
    }),
    RUNS,
  );
});

test('little-endian: any length of whole words decodes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (spelt) => {
      const padded = Uint8Array.from({ length: 72 }, (_, at) => spelt[at] ?? 0);
      expect(encodeLittleEndian(decodeLittleEndian(spelt), 72)).toEqual(padded);
    }),
    RUNS,
  );
});

test('points: any 32 bytes are no point, or the only spelling of one', () => {
  fc.assert(
    fc.property(bytes(32), (spelt) => {
      const point = ed25519Group.decode(spelt);
      expect(point ? ed25519Group.encode(point) : spelt).toEqual(spelt);
    }),
    RUNS,
  );
});

test('inverse: a · 1/a = 1', () => {
  fc.assert(
    fc.property(
      scalar.filter((a) => a !== 0n),
      (a) => {
        expect(modulo(a * inverse(a, ed25519Group.order), ed25519Group.order)).toBe(1n);
      },
    ),
    RUNS,
  );
});

test('random scalars are never zero and below the order, also of a small order', () => {
  fc.assert(
    fc.property(fc.nat(), fc.bigInt({ min: 3n, max: 1000n }), (seed, q) => {
      const value = randomScalar(q, seededRandom(seed));
      expect(value > 0n && value < q).toBe(true);
    }),
    RUNS,
  );
});

test('sharing: any t values, and also more, give f(0); and the sum of sharings shares the sum', () => {
  fc.assert(
    fc.property(quorum, fc.nat(), ({ indices, threshold }, seed) => {
      const random = seededRandom(seed);
      const q = smallGroup.order;
      const polynomials = [1, 2].map(
        () =>
          new SecretPolynomial(
            smallGroup,
            Array.from({ length: threshold }, () => randomScalar(q, random)),
          ),
      );
      const value = (x: number) =>
        polynomials.reduce((sum, polynomial) => sum + polynomial.evaluate(x), 0n);

      const secret = polynomials.reduce((sum, { constant }) => sum + constant, 0n);
      for (const set of [indices, indices.slice(0, threshold), indices.slice(-threshold)]) {
        const interpolated = set.reduce((sum, x) => sum + lagrangeAtZero(q, set, x) * value(x), 0n);
        expect(modulo(interpolated, q)).toBe(modulo(secret, q));
      }
    }),
    RUNS,
  );
});

test('Feldman: Horner in the exponent meets f(index)·G at every index', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: smallGroup.order - 1n }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 20 }),
      (coefficients, index) => {
        const polynomial = new SecretPolynomial(smallGroup, coefficients);
        expect(evaluateInExponent(smallGroup, polynomial.commitment(), index)).toBe(
          smallGroup.multiplyBase(polynomial.evaluate(index)),
        );
      },
    ),
    RUNS,
  );
});

test('signing: any signers and any message give a signature, and exactly the spoilers of shares are named', () => {
  fc.assert(
    fc.property(
      quorum,
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(),
      fc.uniqueArray(fc.nat({ max: 19 }), { maxLength: 3 }),
      ({ indices, threshold }, message, seed, spoilt) => {
        const random = seededRandom(seed);
        const { key, shares } = dealRandom(smallSuite, threshold, 20, random);
        const signers = shares.filter(({ index }) => indices.includes(index)).slice(0, threshold);
        const made = signAll(smallSuite, key, signers, message, random);
        const culprits = signers.map(({ index }) => index).filter((_, at) => spoilt.includes(at));
        for (const [at, index] of culprits.entries()) {
          // Different errors: they do not cancel each other.
          const z = smallGroup.decodeScalar(made.shares.get(index) ?? new Uint8Array()) ?? 0n;
          const wrong = modulo(z + 1n + BigInt(at), smallGroup.order);
          made.shares.set(index, smallGroup.encodeScalar(wrong));
        }

        const result = aggregate(smallSuite, key, made.B, message, made.shares, (signature) =>
          verifySmall(key.publicKey, message, signature),
        );

        expect(result.ok ? [] : result.culprits).toEqual(culprits);
        expect(result.ok).toBe(culprits.length === 0);
      },
    ),
    RUNS,
  );
});

test('codecs: bodies of key generation survive the round trip, and other bytes are refused', () => {
  const kg2 = fc.record({
    coefficients: fc.array(bytes(32), { maxLength: 20 }),
    proofCommitment: bytes(32),
    proofResponse: bytes(32),
    salt: bytes(32),
  });
  fc.assert(
    fc.property(fc.record({ hash: bytes(32), sealKey: bytes(32) }), (value) => {
      expect(keygen.rounds.commit.all.decode(keygen.rounds.commit.all.encode(value))).toEqual(
        value,
      );
    }),
    RUNS,
  );
  fc.assert(
    fc.property(kg2, (value) => {
      expect(keygen.rounds.open.all.decode(keygen.rounds.open.all.encode(value))).toEqual(value);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
      for (const kind of Object.values(keygen.kinds)) {
        const value = codecOf(keygen, kind, 0)?.decode(junk);
        expect(value === undefined || junk.length === 0 || typeof value === 'object').toBe(true);
      }
      expect(isRightOpening(smallSuite, junk, 1, 2, junk, junk)).toBe(false);
    }),
    RUNS,
  );
});

test('a session survives any envelope, and no unsigned envelope ends it', () => {
  const signer = testSigner('node-1');
  const envelope = fc.record({
    sessionId: fc.oneof(fc.constant(utf8('session')), fc.uint8Array({ maxLength: 40 })),
    kind: fc.oneof(
      fc.constantFrom(keygen.kinds.commit, keygen.kinds.open, keygen.kinds.value, '__proto__'),
      fc.string(),
    ),
    from: fc.nat({ max: 4 }),
    to: fc.nat({ max: 4 }),
    content: fc.oneof(
      fc.constant(undefined),
      fc.record({ $case: fc.constant('sealed' as const), value: fc.uint8Array() }),
      fc.record({
        $case: fc.constant('open' as const),
        value: fc.record({ body: fc.uint8Array(), signature: fc.uint8Array({ maxLength: 70 }) }),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.array(envelope, { maxLength: 20 }), fc.nat({ max: 4 }), (envelopes, from) => {
      const { party, receive } = session();
      for (const each of envelopes) receive(from, each);
      expect(() => party.broadcasts('commit')).toThrow('has been exchanged');
    }),
    RUNS,
  );

  function session() {
    const opened = startSession({
      sessionId: utf8('session'),
      index: 1,
      identityKeys: [signer.publicKey, signer.publicKey],
      signer,
      verify: testVerify,
      random: seededRandom(1),
      protocol: keygen,
      groups: {},
      send: () => undefined,
    });
    return {
      party: opened.party,
      receive: (from: PartyIndex, each: Envelope) => opened.receive(from, each),
    };
  }
});

test('an envelope survives the wire, and its signature covers every field', () => {
  const signer = testSigner('node-1');
  fc.assert(
    fc.property(
      bytes(32),
      fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme-ascii' }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      fc.uint8Array({ maxLength: 100 }),
      (sessionId, kind, from, to, body) => {
        const envelope = signEnvelope(signer, sessionId, kind, from, to, body);
        const altered = [
          { ...envelope, sessionId: new Uint8Array(32) },
          { ...envelope, kind: `${kind}0` },
          { ...envelope, from: from + 1 },
          { ...envelope, to: to + 1 },
        ];

        expect(decode(Envelope, encode(Envelope, envelope))).toEqual(envelope);
        expect(verifiedBody(testVerify, signer.publicKey, envelope)).toEqual(body);
        for (const each of altered)
          expect(verifiedBody(testVerify, signer.publicKey, each)).toBeUndefined();
      },
    ),
    RUNS,
  );
});
