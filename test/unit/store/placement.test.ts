import { expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../../src/common/index.js';
import { EMBEDDED } from '../../../src/store/index.js';
import type { Standing } from '../../../src/store/index.js';
import { placeElsewhere, requireEmbedded } from '../../../src/store/placement.js';
import { standingPlace, standingStore } from '../../support/builders/standing-store.js';
import type { StandingPlace } from '../../support/builders/standing-store.js';

const OTHER = '0f'.repeat(16);
const THIRD = 'ab'.repeat(16);
const ID = { keyId: keyId('key'), sessionId: sessionId('aa'.repeat(32)) };

/** A store elsewhere that is made where there is none, as MongoDB's is. */
function elsewhere(there?: StandingPlace) {
  return async (isNew?: Standing) => {
    const place = there ?? (isNew && standingPlace(OTHER, isNew));
    return place && standingStore(place);
  };
}

function embedded(standing?: Standing): StandingPlace {
  return standingPlace(EMBEDDED, standing);
}

test('a node without shares makes the store elsewhere, and remembers which it is', async () => {
  const here = embedded();
  const store = await placeElsewhere(standingStore(here), elsewhere());
  expect([store.storeId, store.standing()]).toEqual([OTHER, { state: 'active' }]);
  expect(here.standing).toEqual({ state: 'left', to: OTHER });
});

test('a start that ended before it was remembered which store was made takes that one', async () => {
  const here = embedded();
  const store = await placeElsewhere(standingStore(here), elsewhere(standingPlace(THIRD)));
  expect([store.storeId, here.standing]).toEqual([THIRD, { state: 'left', to: THIRD }]);
});

test('shares that an interrupted move left behind are deleted', async () => {
  const here = embedded({ state: 'left', to: OTHER });
  await standingStore(here).putIfAbsent(ID, utf8('left behind'));
  await placeElsewhere(standingStore(here), elsewhere(standingPlace(OTHER)));
  expect(here.records.size).toBe(0);
});

test.each<[string, Standing, StandingPlace | undefined, string]>([
  [
    'the database is another one, and empty',
    { state: 'left', to: OTHER },
    undefined,
    'SHARES_LOST',
  ],
  [
    'the database is another store',
    { state: 'left', to: OTHER },
    standingPlace(THIRD),
    'SHARES_LOST',
  ],
  [
    'a move into it is not finished',
    { state: 'left', to: OTHER },
    standingPlace(OTHER, { state: 'filling', from: EMBEDDED }),
    'SHARES_MOVING',
  ],
  [
    'a move back is not finished',
    { state: 'filling', from: OTHER },
    standingPlace(OTHER),
    'SHARES_MOVING',
  ],
  [
    'the shares were moved back',
    { state: 'active' },
    standingPlace(OTHER, { state: 'left', to: EMBEDDED }),
    'SHARES_ELSEWHERE',
  ],
])(
  'a node whose shares are elsewhere does not start when %s',
  async (_, standing, there, reason) => {
    const here = embedded(standing);
    await expect(placeElsewhere(standingStore(here), elsewhere(there))).rejects.toMatchObject({
      reason,
    });
    expect(here.standing).toEqual(standing);
  },
);

test('a node with shares in the embedded store does not start with another one', async () => {
  const here = embedded();
  await standingStore(here).putIfAbsent(ID, utf8('share'));
  await expect(placeElsewhere(standingStore(here), elsewhere())).rejects.toMatchObject({
    reason: 'SHARES_ELSEWHERE',
  });
  expect(here.standing).toEqual({ state: 'active' });
});

test.each<[Standing, string]>([
  [{ state: 'left', to: OTHER }, 'SHARES_ELSEWHERE'],
  [{ state: 'filling', from: OTHER }, 'SHARES_MOVING'],
])('a node whose embedded store is %j does not start with it', (standing, reason) => {
  expect(() => requireEmbedded(standingStore(embedded(standing)))).toThrow(
    expect.objectContaining({ reason }),
  );
});
