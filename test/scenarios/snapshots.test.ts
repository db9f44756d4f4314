import { afterEach, expect, test } from '@jest/globals';
import { equal, nodeId } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { decodePeerMessage, encodeMessage, isOfCheckpoints } from '../../src/raft/index.js';
import type { CheckpointMessage } from '../../src/raft/index.js';
import { ENTRY_OVERHEAD_BYTES } from '../../src/raft/limits.js';
import { membersHash, markBytes } from '../../src/raft/checkpoints/mark.js';
import type { Mark } from '../../src/raft/checkpoints/mark.js';
import type { Snapshot } from '../../src/raft/checkpoints/messages.js';
import { stateHash } from '../../src/raft/checkpoints/state-stream.js';
import { CheckpointCluster, CLUSTER, sign } from '../support/clusters/checkpoint-cluster.js';
import type { CheckpointNode } from '../support/clusters/checkpoint-cluster.js';

let cluster: CheckpointCluster;

afterEach(async () => {
  await cluster.dispose();
  const fatal = cluster.nodes.flatMap((node) => node.fatal);
  if (fatal.length > 0) throw new Error(`a node cannot go on: ${String(fatal[0])}`);
});

function alarms(): string[] {
  return cluster.nodes.flatMap((node) => node.alarms);
}

/** A follower that is away until the others have removed what it lacks. */
async function leftBehind(): Promise<CheckpointNode> {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  const away = cluster.nodes.find((node) => node !== leader) ?? leader;
  await cluster.work(5, 'before');
  cluster.cutOff(away);
  await cluster.work(90, 'while');
  return away;
}

/** Alters messages of one kind on their way; the others, and all to and from nobody else, pass. */
function altering<T extends CheckpointMessage['type']>(
  type: T,
  alter: (
    message: Extract<CheckpointMessage, { readonly type: T }>,
  ) => CheckpointMessage | undefined,
): void {
  cluster.alters = (_from, _to, bytes) => {
    const message = decodePeerMessage(bytes);
    if (message === undefined || !isOfCheckpoints(message) || message.type !== type) return bytes;
    const altered = alter(message as Extract<CheckpointMessage, { readonly type: T }>);
    return altered && encodeMessage(altered);
  };
}

async function expectCaughtUp(away: CheckpointNode): Promise<void> {
  await cluster.run(2_000);
  await cluster.work(20, 'after');
  await cluster.run(1_000);
  for (const node of cluster.nodes) {
    expect(cluster.texts(node)).toEqual(cluster.texts(cluster.leader));
    expect(Object.keys(cluster.texts(node))).toHaveLength(5 + 90 + 20);
  }
  expect(away.installed).toBe(1);
}

test('every voter signs its state when the log has grown, and all have the same certificate', async () => {
  cluster = await CheckpointCluster.start(3);
  await cluster.electAny();

  await cluster.work(100);
  await cluster.run(1_000);

  for (const node of cluster.nodes) {
    const names = [...(await node.files.names())].sort();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^\d+\.certificate$/);
    expect(names[1]).toBe(names[0]?.replace('certificate', 'state'));
    expect(
      node.infos.filter((line) => line === 'A checkpoint is certified').length,
    ).toBeGreaterThan(1);
  }
  expect(alarms()).toEqual([]);
});

test('while a voter is away the log of the others ends; it catches up by a snapshot while they go on', async () => {
  const away = await leftBehind();
  const last = away.raft.lastIndex;
  const fronts = await Promise.all(
    cluster.nodes.filter((node) => node !== away).map((node) => cluster.frontOf(node)),
  );
  expect(Math.min(...fronts)).toBeGreaterThan(last);
  expect(cluster.leader.raft.lastIndex - (await cluster.frontOf(cluster.leader))).toBeLessThan(80);

  cluster.heal();
  await expectCaughtUp(away);

  expect(await cluster.frontOf(away)).toBeGreaterThan(last);
  expect(alarms()).toEqual([]);
});

test('a voter that lacks less than what is kept gets it from the log', async () => {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  const away = cluster.nodes.find((node) => node !== leader) ?? leader;
  await cluster.work(100, 'before');
  cluster.cutOff(away);
  await cluster.work(8, 'while');

  cluster.heal();
  await cluster.run(1_000);

  expect(away.driver.status().applied).toBe(leader.driver.status().applied);
  expect(away.installed).toBe(0);
});

test('a voter whose last leader with the whole log is gone gets a snapshot from the one that is left', async () => {
  const away = await leftBehind();
  await cluster.run(1_000);
  const gone = cluster.leader;
  expect(gone).not.toBe(away);
  await cluster.stop(gone);

  cluster.heal();
  await cluster.run(5_000);
  await cluster.electAny();
  await cluster.work(5, 'after');
  await cluster.run(1_000);

  expect(away.installed).toBe(1);
  expect(cluster.texts(away)).toEqual(cluster.texts(cluster.leader));
  expect(Object.keys(cluster.texts(away))).toHaveLength(5 + 90 + 5);
});

test('a node that has installed a snapshot gives it to another', async () => {
  cluster = await CheckpointCluster.start(5);
  await cluster.electAny();
  const [first, second] = cluster.nodes.filter((node) => node !== cluster.leader);
  if (first === undefined || second === undefined) throw new Error('no followers');
  const away = new Set([first.id, second.id]);
  await cluster.work(5, 'before');
  cluster.alters = (from, to, bytes) => (away.has(from) || away.has(to) ? undefined : bytes);
  await cluster.work(90, 'while');
  cluster.cutOff(second);
  await cluster.run(3_000);
  expect(first.installed).toBe(1);

  // Two of those that have the log are gone, and the one that has taken the snapshot is asked.
  const rest = cluster.nodes.filter((node) => node !== first && node !== second);
  for (const node of rest.slice(0, 2)) await cluster.stop(node);
  cluster.heal();
  for (let tries = 0; tries < 50 && second.installed === 0; tries++) await cluster.run(500);
  await cluster.run(2_000);

  expect(second.installed).toBe(1);
  expect(cluster.texts(second)).toEqual(cluster.texts(first));
  expect(alarms()).toEqual([]);
});

test('no certificate is made of fewer words than the highest threshold, and no log ends without one', async () => {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  await cluster.work(1, 'key/', '3');
  const away = cluster.nodes.find((node) => node !== leader) ?? leader;
  cluster.cutOff(away);

  await cluster.work(90, 'while');
  const last = away.raft.lastIndex;
  for (const node of cluster.nodes) expect(await cluster.frontOf(node)).toBeLessThanOrEqual(last);
  cluster.heal();
  await cluster.run(3_000);

  expect(away.installed).toBe(0);
  expect(cluster.texts(away)).toEqual(cluster.texts(leader));
});

test('a signature that does not verify, and one of another state, are alarms, and count for nothing', async () => {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  const liar = cluster.nodes.find((node) => node !== leader) ?? leader;
  let count = 0;
  altering('checkpoint-signature', (message) => {
    if (message.from !== liar.id) return message;
    count += 1;
    if (count % 2 === 0) return { ...message, signature: new Uint8Array(64).fill(1) };
    const mark: Mark = { ...message.mark, stateHash: new Uint8Array(32).fill(8) };
    return { ...message, mark, signature: sign(liar.id, markBytes(CLUSTER, liar.id, mark)) };
  });

  await cluster.work(100);
  await cluster.run(5_000);

  const honest = cluster.nodes.filter((node) => node !== liar);
  const kinds = new Set(honest.flatMap((node) => node.alarms));
  expect(kinds).toEqual(
    new Set([
      'A checkpoint signature does not verify',
      'A voter signs another state at a checkpoint',
    ]),
  );
  // The honest two are a majority, and have their certificates without it.
  for (const node of honest) expect(node.infos).toContain('A checkpoint is certified');
});

test('lost signatures are said again until all have the certificate', async () => {
  cluster = await CheckpointCluster.start(3);
  await cluster.electAny();
  altering('checkpoint-signature', () => undefined);
  await cluster.work(60);
  await cluster.run(1_000);
  for (const node of cluster.nodes) expect(node.infos).not.toContain('A checkpoint is certified');

  cluster.heal();
  await cluster.run(5_000);

  for (const node of cluster.nodes) expect(node.infos).toContain('A checkpoint is certified');
});

test('a node keeps its certified state when it starts again, and what was not finished is gone', async () => {
  cluster = await CheckpointCluster.start(3);
  await cluster.electAny();
  await cluster.work(100);
  await cluster.run(1_000);
  const node = cluster.node(1);
  const before = [...(await node.files.names())].sort();
  const stray = await node.files.create('9999.state');
  await stray.append(new Uint8Array(5));
  await stray.finish();

  await cluster.restart(node);
  await cluster.run(500);

  expect([...(await node.files.names())].sort()).toEqual(before);
});

/** A snapshot as a leader would offer it, whose parts an attacker can choose. */
function forged(parts: Partial<Mark>, signers: readonly string[], rows: Uint8Array): Snapshot {
  const chain = sha256(new Uint8Array(32), rows);
  const mark: Mark = {
    index: 100_000,
    term: 1,
    timeMs: 2_000_000_000_000,
    hash: new Uint8Array(32).fill(5),
    stateHash: stateHash(rows.length, chain),
    membersHash: membersHash({ clusterId: CLUSTER, keys: cluster.keys }),
    ...parts,
  };
  const signatures = signers.map((name) => {
    const node = nodeId(name);
    return { node, signature: sign(node, markBytes(CLUSTER, node, mark)) };
  });
  return { certificate: { mark, signatures }, bytes: rows.length, chain };
}

test.each([
  ['of too few voters', {}, ['node-1']],
  ['of one voter twice', {}, ['node-1', 'node-1']],
  ['of nodes that are no members', {}, ['node-1', 'node-9']],
  ['of another list of members', { membersHash: new Uint8Array(32) }, ['node-1', 'node-2']],
  [
    'of another state than it is sent with',
    { stateHash: new Uint8Array(32) },
    ['node-1', 'node-2'],
  ],
] as const)(
  'a snapshot with a certificate %s is an alarm, and nothing is asked for',
  async (_what, parts, signers) => {
    cluster = await CheckpointCluster.start(3);
    const leader = await cluster.electAny();
    const victim = cluster.nodes.find((node) => node !== leader) ?? leader;
    const snapshot = forged(parts, signers, new Uint8Array(50).fill(1));

    cluster.hand({ type: 'snapshot-offer', from: leader.id, to: victim.id, term: 1, snapshot });
    await cluster.run(500);

    expect(victim.alarms).toEqual(['A snapshot has no certificate that holds']);
    expect(cluster.said.filter(({ type }) => type === 'snapshot-request')).toEqual([]);
    expect(victim.installed).toBe(0);
  },
);

test('an offer of a node that does not lead is not looked at, nor one of a later term or an earlier time', async () => {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  const [victim, other] = cluster.nodes.filter((node) => node !== leader);
  if (victim === undefined || other === undefined) throw new Error('no followers');
  await cluster.work(3);
  const rows = new Uint8Array(50).fill(1);
  const signers = ['node-1', 'node-2', 'node-3'];
  const offer = (from: CheckpointNode, parts: Partial<Mark>) =>
    cluster.hand({
      type: 'snapshot-offer',
      from: from.id,
      to: victim.id,
      term: 1,
      snapshot: forged(parts, signers, rows),
    });

  offer(other, {});
  offer(leader, { term: 1_000 });
  offer(leader, { timeMs: 1 });
  // As old as what it has applied.
  offer(leader, { index: victim.driver.status().commit });
  await cluster.run(500);

  expect(cluster.said.filter(({ type }) => type === 'snapshot-request')).toEqual([]);
  expect(victim.installed).toBe(0);
});

test.each([
  ['altered', (bytes: Uint8Array) => flipped(bytes), (hash: Uint8Array) => hash],
  ['altered together with its hash', (bytes: Uint8Array) => flipped(bytes), undefined],
  ['shorter', (bytes: Uint8Array) => bytes.slice(0, -1), undefined],
  ['longer', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0), undefined],
] as const)(
  'a snapshot of which a chunk is %s is an alarm, and not installed; the next one is',
  async (_what, alter, hashOf) => {
    const away = await leftBehind();
    let lies = 0;
    altering('snapshot-chunk', (message) => {
      if (lies === 2) return message;
      lies += 1;
      const bytes = alter(message.bytes);
      return { ...message, bytes, hash: hashOf?.(message.hash) ?? sha256(bytes) };
    });

    await cluster.run(5_000);

    expect(lies).toBe(2);
    expect(new Set(away.alarms).size).toBe(1);
    expect(away.alarms[0]).toMatch(/snapshot/);
    await expectCaughtUp(away);
  },
);

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}

test('chunks that come twice, late or out of their order change nothing', async () => {
  const away = await leftBehind();
  const kept: Extract<CheckpointMessage, { readonly type: 'snapshot-chunk' }>[] = [];
  altering('snapshot-chunk', (message) => {
    kept.push(message);
    for (const each of kept) cluster.hand(each);
    return message;
  });

  await expectCaughtUp(away);

  expect(away.alarms).toEqual([]);
});

test('a sender that goes silent in the middle is given up, and another one is asked', async () => {
  const away = await leftBehind();
  const first = cluster.leader;
  altering('snapshot-chunk', (message) => (message.from === first.id ? undefined : message));
  await cluster.run(1_500);
  const asked = cluster.said.filter(({ type }) => type === 'snapshot-request');
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.every(({ to }) => to === first.id)).toBe(true);

  await cluster.stop(first);
  await cluster.run(20_000);

  expect(away.installed).toBe(1);
  expect(away.infos).toContain('A snapshot does not come any further');
});

test('a node gives no chunk of a state that it does not have, and no more than one at a time', async () => {
  cluster = await CheckpointCluster.start(3);
  const leader = await cluster.electAny();
  await cluster.work(60);
  await cluster.run(1_000);
  const asker = cluster.nodes.find((node) => node !== leader) ?? leader;
  const own = cluster.said.findLast((each) => each.type === 'checkpoint-signature');
  if (own?.type !== 'checkpoint-signature') throw new Error('nothing was signed');
  const { index, stateHash: hash } = own.mark;
  const ask = (parts: object) =>
    cluster.hand({
      type: 'snapshot-request',
      from: asker.id,
      to: leader.id,
      term: 1,
      index,
      stateHash: hash,
      offset: 0,
      ...parts,
    });
  const chunks = () => cluster.said.filter(({ type }) => type === 'snapshot-chunk').length;

  ask({ index: index + 1 });
  ask({ stateHash: new Uint8Array(32) });
  ask({ offset: 240 * 1024 });
  await cluster.run(50);
  expect(chunks()).toBe(0);

  for (let count = 0; count < 50; count++) ask({});
  await cluster.run(50);
  expect(chunks()).toBe(1);

  for (let count = 0; count < 500; count++) {
    ask({});
    await cluster.run(0);
  }
  expect(chunks()).toBeLessThan(40);
  expect(equal(hash, own.mark.stateHash)).toBe(true);
});

test('a node tells how long its log is, what it keeps of the state, and when the next checkpoint is due', async () => {
  cluster = await CheckpointCluster.start(3);
  await cluster.electAny();
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('three nodes');
  expect(node.driver.logSizes()).toMatchObject({
    front: 0,
    checkpoint: { index: 0, stateBytes: 0 },
  });

  await cluster.work(100);
  await cluster.run(1_000);

  const sizes = node.driver.logSizes();
  const names = await node.files.names();
  expect(names).toContain(`${sizes.checkpoint?.index}.state`);
  expect(sizes.front).toBe(await cluster.frontOf(node));
  expect(sizes.last).toBeGreaterThanOrEqual(100);
  const entries = sizes.last - sizes.front;
  expect(sizes.bytes).toBeGreaterThan(entries * ENTRY_OVERHEAD_BYTES);
  expect(sizes.bytes).toBeLessThan(entries * (ENTRY_OVERHEAD_BYTES + 16));
  expect(sizes.memoryBytes).toBeLessThan(sizes.bytes);
  expect(sizes.checkpoint?.stateBytes).toBeGreaterThan(100);
  expect(sizes.checkpoint?.bytesSince).toBeLessThan(sizes.checkpoint?.dueBytes ?? 0);
});
