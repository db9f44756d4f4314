import { describe, expect, test } from '@jest/globals';
import { verifyKeyCertificate } from '../../../src/client/index.js';
import { falseKeys, readerOf, trueKeys } from '../../support/adversary/false-keys.js';
import type { FalseKey } from '../../support/adversary/false-keys.js';
import type { Collusion } from '../../support/adversary/collusion.js';
import { misjudgedByWeakened, WEAKNESSES } from '../../support/patches/weakened-client.js';
import { collude } from './colluding.js';

const signed = await collude({ unsigned: false });
const unsigned = await collude({ unsigned: true });

function judged(collusion: Collusion, { key, name, ...rest }: FalseKey): object {
  const reader = readerOf(collusion, { key, name, ...rest });
  return { name, verdict: verifyKeyCertificate(key, collusion.genesis, reader).verdict };
}

function expected({ name, verdict }: FalseKey): object {
  return { name, verdict };
}

test.each([
  ['takes signed requests only', signed],
  ['takes unsigned requests too', unsigned],
])('where the cluster %s, a reader finds out two nodes that made a key up', (_, collusion) => {
  const cases = falseKeys(collusion);
  expect(cases.map((each) => judged(collusion, each))).toEqual(cases.map(expected));
  expect(cases.length).toBeGreaterThan(50);
});

test('what the same tools make without a lie in it is taken for what it is', () => {
  for (const collusion of [signed, unsigned]) {
    const cases = trueKeys(collusion);
    expect(cases.map((each) => judged(collusion, each))).toEqual(cases.map(expected));
  }
});

describe('a false key is taken for a true one when the client does not check', () => {
  const misjudged = misjudgedByWeakened();

  test('nothing less than it does', () => {
    expect(misjudged['none']).toEqual([]);
  });

  test.each(WEAKNESSES.map(({ check }) => check))('%s', (check) => {
    expect(misjudged[check]).not.toEqual([]);
  });
});
