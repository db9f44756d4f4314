import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { verifyKeyCertificate } from '../../src/client/index.js';
import { toHex } from '../../src/common/index.js';
import { decode, encode, Key } from '../../src/wire/index.js';
import { spiffeIdOf } from '../support/adversary/collusion.js';
import { collude } from '../unit/client/colluding.js';

const collusion = await collude({ unsigned: false });
const { genesis, honest, victim } = collusion;
const reader = { spiffeId: spiffeIdOf(victim) };
const bytes = encode(Key, honest);

/** What a reader relies on, and what only a node says: its state, and when it was made. */
function reliedOn(key: Key): string {
  const { certificate } = key;
  const said = certificate && { ...certificate, installed: [] };
  return toHex(encode(Key, { ...key, certificate: said, state: 0, createTime: undefined }));
}

test('a key with any bytes changed is judged without an exception, and is active only if no checked byte changed', () => {
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    to: fc.uint8Array({ maxLength: 4 }),
    cut: fc.nat(4),
  });
  const alterations = fc.array(change, { minLength: 1, maxLength: 3 });
  const holds = fc.property(alterations, (changes) => {
    let altered = bytes;
    for (const { at, to, cut } of changes)
      altered = Uint8Array.from([...altered.subarray(0, at), ...to, ...altered.subarray(at + cut)]);
    const key = decode(Key, altered);
    if (key === undefined) return true;
    const { verdict } = verifyKeyCertificate(key, genesis, reader);
    return verdict !== 'active' || reliedOn(key) === reliedOn(honest);
  });

  expect(() => fc.assert(holds, { numRuns: 2_000 })).not.toThrow();
});

test('a key with arbitrary fields is judged without an exception, and is never active', () => {
  const { certificate } = honest;
  const sharing = certificate?.sharing;
  if (certificate === undefined || sharing === undefined)
    throw new Error('the key has no certificate');
  const blob = fc.uint8Array({ maxLength: 40 });
  const number = fc.constantFrom(0, 1, 2, 3, 255, 65_538, 4_294_967_295);
  const strange = fc.record(
    {
      sessionId: blob,
      requestHash: blob,
      algorithm: fc.constantFrom(0, 2, 3, 4, 99) as fc.Arbitrary<never>,
      threshold: number,
      baseVersion: number,
      version: number,
      publicPolynomial: fc.array(blob, { maxLength: 3 }),
      publicKey: blob,
      chainCode: blob,
      digest: blob,
      participants: fc.array(fc.record({ nodeId: fc.string(), identityKey: blob }), {
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  );
  const outside = fc.record(
    { clusterId: fc.string(), method: fc.string(), request: blob },
    { requiredKeys: [] },
  );
  const holds = fc.property(strange, outside, (changes, others) => {
    const said = { ...sharing, ...changes };
    const altered = { ...certificate, ...others, sharing: said };
    fc.pre(toHex(encode(Key, { ...honest, certificate: altered })) !== toHex(bytes));
    const { threshold, version, algorithm, publicKey } = said;
    const participants = said.participants.map(({ nodeId }) => nodeId);
    const shown = { ...honest, threshold, version, algorithm, publicKey, participants };
    return [honest, shown].every((key) => {
      const { verdict } = verifyKeyCertificate({ ...key, certificate: altered }, genesis, reader);
      return verdict === 'unverified';
    });
  });

  expect(() => fc.assert(holds, { numRuns: 2_000 })).not.toThrow();
});
