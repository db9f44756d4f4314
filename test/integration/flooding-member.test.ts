import { expect, jest, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { fromHex, nodeId, toHex, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { keygen } from '../../src/sharing/index.js';
import { COMPLAINT_KIND } from '../../src/tasks/index.js';
import { CHECKS_PER_USE, COMPLAINTS_MAX, SUPPLY_CHECKS } from '../../src/tasks/limits.js';
import { systemRandom } from '../../src/machine/index.js';
import { Complaint, encode } from '../../src/wire/index.js';
import type { Supply, TaskMessageBody } from '../../src/wire/index.js';
import { openingFor, SALT } from '../support/adversary/keygen-liar.js';
import type { LyingNode } from '../support/adversary/lying-node.js';
import { startCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { ed25519Suite } from '../support/builders/schemes.js';

/**
 * One member that sends what it may send, as often as it likes: docs/threats.md, floods of a member. Two of three nodes are
 * honest; the third has its own keys, certificates and streams. `npm run floods` plays the same between processes.
 */
jest.setTimeout(120_000);

const KEY = 'treasury';
/** More than 230 kB a second: what stopped a cluster of release 0.1. */
const FLOOD_MESSAGE_SUPPLIES = 64;
const FLOOD_PAUSE_MS = 15;
const SIGNATURES = 20;
/** Supplies of one node that one signature can use up: one in each attempt. */
const USED_PER_SIGNATURE = 8;

type Flood = { readonly lying: LyingNode; readonly honest: readonly NodeId[]; sent: number };

/** Three nodes with a key of threshold two; one of them that does not lead is a liar's from now on. */
async function corrupted(cluster: TestCluster): Promise<Flood> {
  const client = await cluster.client('app');
  await client.generateKey({ keyId: KEY, threshold: 2 });
  const [, liar] = await cluster.followers();
  const lying = await cluster.corrupt(liar);
  // It never stands for election: it does not need to lead for this.
  lying.liar.onSaying = (message) => (message.type === 'vote-request' ? [] : [message]);
  lying.liar.start();
  const honest = cluster.nodes.filter((node) => node !== liar);
  return { lying, honest, sent: 0 };
}

/** Has the liar send `message` again and again to all others until the work is done. */
async function meanwhile<T>(
  flood: Flood,
  message: () => TaskMessageBody,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const flooding = (async () => {
    while (!over.signal.aborted) {
      const next = message();
      for (const node of flood.honest) flood.lying.liar.speak(node, next);
      flood.sent += 1;
      await pause(FLOOD_PAUSE_MS);
    }
  })();
  try {
    return await work();
  } finally {
    over.abort();
    await flooding;
  }
}

/** Signs one message after the other at an honest node. @returns The term before and after. */
async function signs(cluster: TestCluster, flood: Flood): Promise<readonly bigint[]> {
  const client = await cluster.client('app', { at: flood.honest });
  const observer = await cluster.client('operator', { at: flood.honest });
  const { term: before } = await observer.getCluster();
  for (let at = 0; at < SIGNATURES; at++) {
    const message = utf8(`message ${at}`);
    const { signature } = await client.sign({ keyId: KEY, message, requestId: `pay-${at}` });
    expect(signature).toHaveLength(64);
  }
  const { term: after } = await observer.getCluster();
  return [before, after].map(BigInt);
}

/** Nonces that honest nodes had lost when an attempt named them. */
function lostNonces(cluster: TestCluster, { honest }: Flood): readonly string[] {
  return cluster.declined
    .filter(({ node, reason }) => honest.includes(nodeId(node)) && reason === 'nonce-gone')
    .map(({ node }) => node);
}

test('a flood of commitments by one member: the others go on signing, and lose no nonce', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const flood = await corrupted(cluster);
  let counter = 1_000n;
  const boot = fromHex(flood.lying.boot) ?? new Uint8Array(0);
  const supplies = (): Supply[] =>
    Array.from({ length: FLOOD_MESSAGE_SUPPLIES }, () => {
      counter += 1n;
      // As long as points. About half of them are points, and none has a nonce.
      const parts = [systemRandom.bytes(32), systemRandom.bytes(32)];
      return { nodeId: flood.lying.id, boot, counter, parts };
    });
  const message = (): TaskMessageBody => ({
    message: {
      $case: 'freshSupplies',
      value: { keyId: KEY, version: 1, supplies: supplies() },
    },
  });

  const beganMs = performance.now();
  const budget = (): number =>
    SUPPLY_CHECKS.burst +
    (SUPPLY_CHECKS.perSecond * (performance.now() - beganMs)) / 1000 +
    CHECKS_PER_USE * USED_PER_SIGNATURE * SIGNATURES;
  const [before, after] = await meanwhile(flood, message, async () => {
    const terms = await signs(cluster, flood);
    // Signatures may be done before the flood has sent much more than it may have checked.
    await eventually(
      'a flood above the budget',
      () => flood.sent * FLOOD_MESSAGE_SUPPLIES > 2 * budget(),
    );
    return terms;
  });

  // Of all that came the leader looked at no more than that member's budget lets it.
  expect(cluster.suppliesChecked.get(flood.lying.id)).toBeLessThanOrEqual(budget());
  expect(lostNonces(cluster, flood)).toEqual([]);
  expect(after).toBe(before);
});

/** What the liar sends in place of its own openings: others than it has committed to. */
function lied({ signer }: LyingNode, index: number, spoken: TaskMessageBody): TaskMessageBody {
  const envelope = spoken.message?.$case === 'envelope' ? spoken.message.value : undefined;
  if (envelope?.kind !== keygen.kinds.open) return spoken;
  const { sessionId, kind, from, to } = envelope;
  const opening = { ...openingFor(ed25519Suite, sessionId, index), salt: SALT };
  const body = keygen.rounds.open.all.encode(opening);
  const value = signEnvelope(signer, sessionId, kind, from, to, body);
  return { message: { $case: 'envelope', value } };
}

test('a flood of complaints by one member: the others sign, and judge what honest nodes complain of', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const flood = await corrupted(cluster);
  const { liar, signer, id } = flood.lying;
  const index = cluster.nodes.indexOf(id) + 1;
  liar.onSpeaking = (_, spoken) => [lied(flood.lying, index, spoken)];
  const sessions = new Map<string, Uint8Array>();
  liar.onHearing = (_, { message }) => {
    if (message?.$case === 'envelope' && message.value.kind === keygen.kinds.commit)
      sessions.set(toHex(message.value.sessionId), message.value.sessionId);
  };
  // Of each session that is open: well-formed and signed, or with bytes in place of the signature.
  let number = 0;
  const complaint = (): TaskMessageBody => {
    const sessionId = [...sessions.values()].at(-1) ?? systemRandom.bytes(32);
    const items = Array.from({ length: 8 }, () => systemRandom.bytes(8_000));
    const body = encode(Complaint, { shown: { $case: 'evidence', value: { items } } });
    const value = signEnvelope(signer, sessionId, COMPLAINT_KIND, index, 0, body);
    const signature = systemRandom.bytes(64);
    const garbage = { ...value, content: { $case: 'open' as const, value: { body, signature } } };
    return { message: { $case: 'envelope', value: number++ % 2 === 0 ? value : garbage } };
  };

  const client = await cluster.client('app', { at: flood.honest });
  const [before, after] = await meanwhile(flood, complaint, async () => {
    const generating = client.generateKey({ keyId: 'second', threshold: 2 });
    await expect(generating).rejects.toMatchObject({ reason: 'CULPRIT_PROVED' });
    return signs(cluster, flood);
  });

  const { items } = await client.listTasks({ limit: 100 });
  const failed = items.find(({ keyId }) => keyId === 'second');
  const task = await client.getTask(failed?.taskId ?? '');
  expect(task.culprits.map(({ nodeId: culprit }) => culprit)).toContain(id);
  const read = cluster.complaintsRead.filter(({ of }) => of === id);
  expect(read.length).toBeGreaterThan(0);
  for (const node of flood.honest)
    for (const session of sessions.keys()) {
      const own = read.filter((each) => each.by === node && each.session === session);
      expect(own.length).toBeLessThanOrEqual(COMPLAINTS_MAX);
    }
  expect(flood.sent).toBeGreaterThan(4 * read.length);
  expect(lostNonces(cluster, flood)).toEqual([]);
  expect(after).toBe(before);
  const known = /proved to have lied|a protocol session was aborted|complaint that proves nothing/;
  expect(cluster.takeAlarms().filter((line) => !known.test(line))).toEqual([]);
});
