import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { generateRequest, signRequest, testGenesis, verify } from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const KIB = 1024;
/** A log of about twenty requests. */
const SMALL = {
  raftLimits: {
    logMemoryBytesMax: 16 * KIB,
    logKeptBytesMax: 16 * KIB,
    logPartBytes: 4 * KIB,
  },
  checkpoints: { logBytes: 32 * KIB, apartMs: 0 },
};

const TIMEOUT_MS = 600_000;

test(
  'a replica that was away for longer than the log is kept gets the state, and signs with its old share',
  async () => {
    await using cluster = await ReplicaCluster.start({
      genesis: testGenesis(),
      verify,
      signerOf: ledgerSigner,
      checkpoints: SMALL,
    });
    const [one, two, three] = ['node-1', 'node-2', 'node-3'].map(nodeId) as [
      ReturnType<typeof nodeId>,
      ReturnType<typeof nodeId>,
      ReturnType<typeof nodeId>,
    ];
    const generated = await cluster.submit(one, METHODS.generateKey, generateRequest('treasury'));
    expect(generatedKeyOf(generated)).toBeDefined();
    const sign = (node: typeof one, id: string) =>
      cluster.submit(node, METHODS.sign, signRequest('treasury', id, utf8(id)));
    await sign(one, 'before');
    await cluster.stop(three);

    const made: (Uint8Array | undefined)[] = [];
    const signOne = async (): Promise<void> => {
      made.push(signatureOf(await sign(one, `while-${made.length}`))?.signature);
    };
    for (let at = 0; at < 100; at++) await signOne();
    await cluster.restart(three);
    // Signing goes on meanwhile.
    for (let tries = 0; tries < 600 && cluster.installed.length === 0; tries++) await signOne();
    expect(made.every((signature) => signature?.length === 64)).toBe(true);
    expect(cluster.installed).toEqual([three]);
    await cluster.ready(three);

    const state = await cluster.at(three).read(AbortSignal.timeout(20_000));
    expect(state.key('treasury')?.publicKey).toEqual(generatedKeyOf(generated)?.publicKey);
    expect(state.tasks('', 10_000, false)).toHaveLength(2 + made.length);

    // What it knows from the snapshot alone is known: the same request has its old answer, and no second one.
    const known = await sign(three, 'while-0');
    expect(known).toEqual(cluster.at(one).local().task(known.taskId));

    // With one of the others gone, its share is needed.
    await cluster.stop(two);
    expect(signatureOf(await sign(three, 'after'))?.signature).toHaveLength(64);
  },
  TIMEOUT_MS,
);
