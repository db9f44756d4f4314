import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { X509Certificate } from 'node:crypto';
import { concat, toHex } from '../../src/common/index.js';
import { rawSignature, readCertificate, Requesters, splitChain } from '../../src/identity/index.js';
import { nodeVerify } from '../../src/machine/index.js';
import { OPENSSL_CHAINS } from '../vectors/x509-openssl.js';

const CHAINS = OPENSSL_CHAINS.map(({ kind, root, middle, leaf }) => ({
  kind,
  requesters: new Requesters(root, (...asked) => nodeVerify.certified(...asked)),
  chain: [leaf, middle].map((pem) => new Uint8Array(new X509Certificate(pem).raw)),
}));

/** Changes that keep or move the rest: bits, other bytes, pieces cut out, doubled, or put in. */
const edit = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ do: fc.constant('set' as const), at: fc.nat(), byte: fc.nat(255) }),
  fc.record({
    do: fc.constant('cut' as const),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    do: fc.constant('double' as const),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    do: fc.constant('put' as const),
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
);
type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

function edited(bytes: Uint8Array, change: Edit): Uint8Array {
  const at = change.at % Math.max(bytes.length, 1);
  const [before, after] = [bytes.slice(0, at), bytes.slice(at)];
  switch (change.do) {
    case 'flip':
      return concat(
        before,
        after.map((byte, i) => (i === 0 ? byte ^ (1 << change.bit) : byte)),
      );
    case 'set':
      return concat(
        before,
        after.map((byte, i) => (i === 0 ? change.byte : byte)),
      );
    case 'cut':
      return concat(before, after.slice(change.length));
    case 'double':
      return concat(before, after.slice(0, change.length), after);
    case 'put':
      return concat(before, change.bytes, after);
  }
}

describe.each(CHAINS)('a good chain of $kind', ({ requesters, chain }) => {
  test('a good chain is accepted', () => {
    expect(requesters.judge(chain)).toMatchObject({
      ok: true,
      value: { identity: { spiffeId: 'spiffe://quorate/app/wallet' } },
    });
  });

  test('a good chain is refused with any one bit changed, and the reader never throws', () => {
    for (const [which, certificate] of chain.entries()) {
      for (let at = 0; at < certificate.length; at++) {
        // One bit of each byte here; the others come by chance below.
        const bit = (at * 5 + which) % 8;
        const altered = certificate.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte));
        const verdict = requesters.judge(chain.map((each, i) => (i === which ? altered : each)));
        expect([which, at, verdict.ok]).toEqual([which, at, false]);
      }
    }
  });

  test('a good chain is refused after any edits that change it', () => {
    fc.assert(
      fc.property(fc.nat(1), fc.array(edit, { minLength: 1, maxLength: 4 }), (which, edits) => {
        const altered = chain.map((each, i) => (i === which ? edits.reduce(edited, each) : each));
        const verdict = requesters.judge(altered);
        const good = verdict.ok ? altered : chain;
        expect(good.map(toHex)).toEqual(chain.map(toHex));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('any bytes as certificates', () => {
  const bytes = fc.uint8Array({ maxLength: 600 });
  /** Nested values of DER with tags that certificates use, and some that they do not. */
  const tagged = fc.letrec<{ value: Uint8Array }>((tie) => ({
    value: fc
      .tuple(
        fc.constantFrom(
          0x01,
          0x02,
          0x03,
          0x04,
          0x05,
          0x06,
          0x0c,
          0x17,
          0x18,
          0x30,
          0x31,
          0xa0,
          0xa3,
        ),
        fc.oneof(
          { maxDepth: 6 },
          fc.uint8Array({ maxLength: 24 }),
          fc.array(tie('value'), { maxLength: 8 }).map((parts) => concat(...parts)),
        ),
      )
      .map(([tag, contents]) => {
        const { length } = contents;
        const header =
          length < 0x80
            ? [length]
            : length < 0x100
              ? [0x81, length]
              : [0x82, length >> 8, length & 255];
        return concat(Uint8Array.of(tag, ...header), contents);
      }),
  })).value;

  test('any bytes are a certificate or not, and never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, tagged), (each) => {
        const reading = readCertificate(each);
        expect(reading).not.toMatchObject({ why: 'it cannot be read' });
        splitChain(each);
        rawSignature('p256', each);
      }),
      { numRuns: 3000 },
    );
  });

  test('any bytes are cut into certificates that together are the same bytes', () => {
    fc.assert(
      fc.property(fc.array(tagged, { maxLength: 4 }), (parts) => {
        const whole = concat(...parts);
        const chain = splitChain(whole);
        expect(toHex(chain === undefined ? whole : concat(...chain))).toBe(toHex(whole));
      }),
      { numRuns: 500 },
    );
  });

  test('any bytes as a P-256 signature have one spelling, and are encoded again as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), edit, (raw, change) => {
        const der = derOf(raw);
        expect(toHex(rawSignature('p256', der) ?? new Uint8Array())).toBe(toHex(raw));
        const altered = edited(der, change);
        const read = rawSignature('p256', altered);
        expect(toHex(read === undefined ? altered : derOf(read))).toBe(toHex(altered));
      }),
      { numRuns: 1000 },
    );
  });
});

/** r ‖ s as ECDSA's DER. */
function derOf(raw: Uint8Array): Uint8Array {
  const halves = [raw.slice(0, 32), raw.slice(32)].map((half) => {
    const from = half.findIndex((byte) => byte !== 0);
    const short = from === -1 ? half.slice(31) : half.slice(from);
    const number = (short[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), short) : short;
    return concat(Uint8Array.of(2, number.length), number);
  });
  const contents = concat(...halves);
  return concat(Uint8Array.of(0x30, contents.length), contents);
}
