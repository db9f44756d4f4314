import { expect, test } from '@jest/globals';
import { raiseLevelRequest } from '../../../src/client/raise-level.js';
import type { RaiseLevelInput } from '../../../src/client/raise-level.js';
import { encodeGenesis, levelWord, parseGenesis } from '../../../src/identity/index.js';
import { Cluster, MemberRole } from '../../../src/wire/index.js';
import type { LevelWord, RaiseLevelRequest } from '../../../src/wire/index.js';
import { testSigner } from '../../support/builders/frost-exchange.js';
import { testGenesis } from '../../support/builders/ledger.js';

const SIGNERS = ['node-1', 'node-2', 'node-3'].map(testSigner);
const genesis = parseGenesis(
  encodeGenesis({
    ...testGenesis(),
    members: SIGNERS.map(({ node, publicKey }) => ({
      nodeId: node,
      role: 'tee',
      identityKey: publicKey,
    })),
  }),
);

const wordOf = (at: number, level: number): LevelWord => {
  const signer = SIGNERS[at] ?? testSigner('none');
  return levelWord(genesis.clusterId, signer, 1, level);
};

/** The cluster as a node shows it, with what it has heard of each node's build. */
function shown(builds: readonly (LevelWord | undefined)[]): Cluster {
  return Cluster.fromPartial({
    level: 1,
    members: builds.map((build, at) => ({
      nodeId: `node-${at + 1}`,
      role: MemberRole.TEE,
      build,
    })),
  });
}

function request(
  builds: readonly (LevelWord | undefined)[],
  input: RaiseLevelInput = {},
): RaiseLevelRequest {
  return raiseLevelRequest(genesis, shown(builds), input, 'raise');
}

test('a request to raise the level carries each voter’s statement, sorted', () => {
  const builds = [wordOf(0, 2), wordOf(1, 3), wordOf(2, 2)];
  expect(request(builds)).toEqual({
    requestId: 'raise',
    level: 2,
    words: builds,
    leftBehind: [],
  });
});

test('a request to raise the level has the requested level, and leaves the named voters behind', () => {
  const builds = [wordOf(0, 2), wordOf(1, 2), undefined];
  const asked = { level: 2, without: ['node-3', 'node-3'] };
  expect(request(builds, asked)).toMatchObject({
    level: 2,
    words: [{ nodeId: 'node-1' }, { nodeId: 'node-2' }],
    leftBehind: ['node-3'],
  });
});

test.each([
  ['no statement', undefined, 'node-3 (not heard of)'],
  ['the statement of an older build', wordOf(2, 1), 'node-3 (level 1)'],
  ['another node’s statement', wordOf(1, 2), 'node-3 (not heard of)'],
  ['a statement that it has not signed', { ...wordOf(2, 1), level: 2 }, 'node-3 (not heard of)'],
  [
    'a statement that another key has signed',
    levelWord(genesis.clusterId, testSigner('node-3'), 1, 2),
    'node-3 (not heard of)',
  ],
])('no request to raise the level is made with %s of a voter', (_name, build, nodes) => {
  expect(() => request([wordOf(0, 2), wordOf(1, 2), build])).toThrow(
    expect.objectContaining({
      code: 'wrong-state',
      reason: 'BUILDS_TOO_OLD',
      facts: { level: '2', nodes },
    }),
  );
});
