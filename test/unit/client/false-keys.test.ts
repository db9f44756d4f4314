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
])('where the cluster %s, a reader detects a key that two nodes made up', (_, collusion) => {
  const cases = falseKeys(collusion);
  expect(cases.map((each) => judged(collusion, each))).toEqual(cases.map(expected));
  expect(cases.length).toBeGreaterThan(50);
});

test('the forger’s tools without a lie make a key that the client accepts', () => {
  for (const collusion of [signed, unsigned]) {
    const cases = trueKeys(collusion);
    expect(cases.map((each) => judged(collusion, each))).toEqual(cases.map(expected));
  }
});

describe('a client with one check taken out accepts a false key', () => {
  const misjudged = misjudgedByWeakened();

  test('the client with all its checks accepts no false key', () => {
    expect(misjudged['none']).toEqual([]);
  });

  test.each(WEAKNESSES.map(({ check }) => check))(
    'a client without the check "%s" accepts a false key',
    (check) => {
      expect(misjudged[check]).not.toEqual([]);
    },
  );
});
