import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevCluster, nodesOf } from '../../src/cli/dev/create.js';
import { LocalCluster } from '../../src/cli/dev/local-cluster.js';
import { openClient, waitForLeader } from '../../src/cli/open-client.js';
import { eventually } from '../support/clusters/cluster-wait.js';

const CALL_MS = 60_000;
/** Long messages fill a log quickly. */
const MESSAGE_BYTES = 24 * 1024;

test('a development cluster starts a node again that was asleep for longer than the log is kept, and it has taken the state', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'quorate-dev-snapshot-'));
  const place = join(parent, 'cluster');
  await createDevCluster(place);
  const settings = { QUORATE_CHECKPOINT_MIB: '1' };
  const cluster = await LocalCluster.start(place, nodesOf(place), { settings });
  const again: string[] = [];
  const dead: string[] = [];
  cluster.onDeath(
    ({ id }, ending) => dead.push(`${id}: ${ending}`),
    ({ id }) => again.push(id),
  );
  const client = openClient(cluster.connection);
  try {
    await waitForLeader(client, AbortSignal.timeout(CALL_MS));
    await client.generateKey({ keyId: 'treasury' }, { timeoutMs: CALL_MS });
    const { leaderId } = await client.getCluster();
    const asleep = Object.keys(cluster.pids).find((id) => id !== leaderId) ?? '';
    const before = cluster.pids[asleep] ?? 0;
    process.kill(before, 'SIGSTOP');
    const others = {
      ...cluster.connection,
      endpoints: cluster.connection.endpoints.filter((_, at) => nodesOf(place)[at] !== asleep),
    };
    const awake = openClient(others);
    const removed = async (): Promise<bigint> =>
      (await awake.getCluster()).logSizes?.frontIndex ?? 0n;
    // With 1 MiB: as much in memory, as much on disk behind it, and a checkpoint behind that.
    for (let at = 0; at < 1_000 && (await removed()) < 60n; at++) {
      const message = new Uint8Array(MESSAGE_BYTES).fill(at);
      await awake.sign({ keyId: 'treasury', message }, { timeoutMs: CALL_MS });
    }
    const shown = (await awake.getCluster()).logSizes;
    expect(shown?.frontIndex).toBeGreaterThanOrEqual(60n);
    expect(shown?.checkpointDueBytes).toBeGreaterThanOrEqual(2n ** 20n);
    expect(shown?.checkpointIndex).toBeGreaterThan(60n);
    awake.close();

    process.kill(before, 'SIGCONT');
    await eventually(
      'the node to be started again',
      () => {
        if (again.length === 0) throw new Error(dead.join(', '));
        return true;
      },
      CALL_MS,
    );

    expect(again).toEqual([asleep]);
    expect(cluster.pids[asleep]).not.toBe(before);
    // It answers at the address that it had, with all that the others have.
    const woken = openClient({
      ...cluster.connection,
      endpoints: cluster.connection.endpoints.filter((_, at) => nodesOf(place)[at] === asleep),
    });
    await eventually(
      'the node to follow',
      async () => {
        const { caughtUp, keyCount } = await woken.getCluster();
        return caughtUp && keyCount === 1n;
      },
      CALL_MS,
    );
    woken.close();
    expect(dead).toEqual([]);
  } finally {
    client.close();
    for (const pid of Object.values(cluster.pids)) process.kill(pid, 'SIGCONT');
    await cluster.stop();
    rmSync(parent, { recursive: true, force: true });
  }
}, 180_000);
