import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { NODES } from '../support/builders/ledger.js';
import { FIVE, ReshareCluster, versionOf } from '../support/clusters/reshare-cluster.js';
import type { CrashStep } from '../support/clusters/reshare-cluster.js';

/* A node that ends at one step of a reshare and runs again: whichever step and node, no share is lost and the key signs. */

jest.setTimeout(600_000);

const STEPS: readonly CrashStep[] = ['write', 'written', 'ready', 'installed', 'delete'];
const [ONE = nodeId('')] = NODES;

type Case = readonly [count: number, role: 'leader' | 'follower', step: CrashStep];
/** A leader's own words go over no wire, so these tests cannot stop it at them. */
const isSeen = ([, role, step]: Case): boolean =>
  role === 'follower' || (step !== 'ready' && step !== 'installed');
const CASES = [3, 5]
  .flatMap((count) =>
    (['leader', 'follower'] as const).flatMap((role) =>
      STEPS.map((step): Case => [count, role, step]),
    ),
  )
  .filter(isSeen);

function nodeOf(cluster: ReshareCluster, role: 'leader' | 'follower'): NodeId {
  const leader = cluster.leader();
  return role === 'leader' ? leader : (cluster.nodes.find((node) => node !== leader) ?? ONE);
}

test.each(CASES)(
  'of %d nodes the %s crashes at the step "%s" of a reshare: no share is lost, and the version before goes',
  async (count, role, step) => {
    const nodes = FIVE.slice(0, count);
    await using cluster = await ReshareCluster.start(nodes);
    const { publicKey, sessionId } = await cluster.generate(ONE, { threshold: 2 });
    const crashed = nodeOf(cluster, role);
    const up = nodes.find((node) => node !== crashed) ?? ONE;

    const crash = cluster.crashAt(crashed, step);
    const done = await cluster.reshare(up);
    await crash;

    expect(versionOf(done)).toBe(2);
    await cluster.erased(sessionId);
    expect((await cluster.key(crashed)).publicKey).toEqual(publicKey);
    const { keyVersion } = await cluster.sign(crashed);
    expect(keyVersion).toBe(2);
    // A share of a session that another one has beaten goes with the next version.
    expect(versionOf(await cluster.reshare(up))).toBe(3);
    await cluster.keep(Object.fromEntries(nodes.map((node) => [node, 1])));
    expect((await cluster.sign(up)).keyVersion).toBe(3);
  },
);
