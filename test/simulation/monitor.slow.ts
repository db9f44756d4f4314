import { afterEach, expect, test } from '@jest/globals';
import { quantile } from '../../src/cli/format/bench.js';
import type { NodeId } from '../../src/common/index.js';
import { observationBytes } from '../../src/identity/index.js';
import { METHODS } from '../../src/state/index.js';
import { decodeTaskMessage, encodeTaskMessage } from '../../src/wire/index.js';
import {
  generateRequest,
  identityKeyOf,
  sealOf,
  signRequest,
  testGenesis,
} from '../support/builders/ledger.js';
import { VirtualReplicas } from './virtual-replicas.js';
import type { Conditions } from './virtual-replicas.js';

/* Whole nodes that watch each other, in a world where time is counted only. */

/** An election timeout at the longest. */
const ELECTION_MS = 600;
const TRANSFERS_APART_MS = 5_000;
/** From a leader's trouble to its end, by the windows, the entries and the looks of the monitor. */
const REPLACED_WITHIN_MS = 60_000;

let cluster: VirtualReplicas;

afterEach(() => cluster.stop());

async function begin(conditions: Partial<Conditions> = {}): Promise<NodeId> {
  cluster = await VirtualReplicas.start(conditions);
  return cluster.elected();
}

const switchesAt = (node: NodeId) => cluster.at(node).status().monitor.switches;

test('a leader whose messages are late by 50 ms is replaced within a minute, once, and writes go on', async () => {
  const leader = await begin();
  const follower = cluster.nodes.find((node) => node !== leader) ?? leader;
  await cluster.call(leader, METHODS.generateKey, generateRequest('treasury'));
  await cluster.pass(70_000);
  const { term } = cluster.at(leader).status();
  const { verdict } = cluster.at(leader).status().monitor;
  expect(verdict).toMatchObject({ kind: 'stay' });
  expect(switchesAt(leader)).toEqual([]);

  cluster.conditions.linkMs = (from) => (from === leader ? 51 : 1);
  const isRecorded = await cluster.pass(REPLACED_WITHIN_MS, () => switchesAt(leader).length > 0);
  expect(isRecorded).toBe(true);
  // One signature after the other, through the transfer.
  const tookMs: number[] = [];
  const untilMs = cluster.nowMs + 4_000;
  while (cluster.nowMs < untilMs) {
    const request = signRequest('treasury', `sign-${tookMs.length}`, Uint8Array.of(1));
    tookMs.push(await cluster.call(follower, METHODS.sign, request));
  }
  const usualMs = tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length / 2)] ?? 0;
  expect(Math.max(...tookMs)).toBeLessThanOrEqual(usualMs + ELECTION_MS);
  const next = cluster.leader;
  expect(next).not.toBe(leader);

  await cluster.pass(130_000);
  expect(cluster.leader).toBe(next);
  expect(cluster.at(leader).status().term).toBe(term + 1);
  for (const node of cluster.nodes) {
    expect(switchesAt(node)).toEqual([
      expect.objectContaining({ from: leader, to: next, outcome: 'done' }),
    ]);
  }
  // The slow one is known to be slow, by all.
  for (const node of cluster.nodes) {
    const { scores } = cluster.at(node).status().monitor;
    const of = (id: NodeId | undefined) => scores.find((score) => score.node === id)?.points ?? NaN;
    expect(of(next)).toBeGreaterThan(90);
    expect(of(leader)).toBeLessThan(55);
  }
}, 300_000);

test('of a hundred transfers of healthy nodes 99 keep a write waiting for less than 100 ms', async () => {
  const leader = await begin({ monitor: 'off' });
  await cluster.call(leader, METHODS.generateKey, generateRequest('treasury'));
  let signed = 0;
  const sign = (): Promise<number> => {
    const node = cluster.nodes.find((each) => each !== cluster.leader) ?? leader;
    const request = signRequest('treasury', `sign-${(signed += 1)}`, Uint8Array.of(1));
    return cluster.call(node, METHODS.sign, request);
  };
  const usual: number[] = [];
  while (usual.length < 20) usual.push(await sign());
  const usualMs = quantile(usual, 0.5) ?? Number.NaN;
  const { term } = cluster.at(leader).status();

  const pausesMs: number[] = [];
  while (pausesMs.length < 100) {
    const from = cluster.leader ?? leader;
    const { signal } = new AbortController();
    void cluster.at(from).yieldLeadership(undefined, signal);
    pausesMs.push((await sign()) - usualMs);
    await cluster.pass(1_000, () => cluster.leader !== undefined && cluster.leader !== from);
    // Voters let one node move the term now and then only.
    await cluster.pass(TRANSFERS_APART_MS);
  }
  expect(cluster.at(leader).status().term).toBe(term + pausesMs.length);
  expect(quantile(pausesMs, 0.99)).toBeLessThan(100);
  expect(Math.max(...pausesMs)).toBeLessThanOrEqual(ELECTION_MS);
}, 300_000);

test('a leader whose disk is slow is replaced while it has something to write', async () => {
  const leader = await begin();
  await cluster.call(leader, METHODS.generateKey, generateRequest('treasury'));
  await cluster.pass(70_000);
  cluster.conditions.diskMs = (node) => (node === leader ? 250 : 1);
  const untilMs = cluster.nowMs + REPLACED_WITHIN_MS;
  for (let number = 0; cluster.leader === leader && cluster.nowMs < untilMs; number++) {
    const request = signRequest('treasury', `sign-${number}`, Uint8Array.of(1));
    await cluster.call(leader, METHODS.sign, request);
  }
  expect(cluster.leader).not.toBe(leader);
  expect(switchesAt(leader)).toHaveLength(1);
}, 300_000);

test('a liar that says an honest leader does not answer moves nobody, whatever it does to its own answers', async () => {
  const { clusterId } = testGenesis();
  let lies = 0;
  let liar: NodeId | undefined;
  const leader = await begin({
    altered: (from, channel, bytes) => {
      if (from !== liar || channel !== 'tasks') return bytes;
      const message = decodeTaskMessage(bytes)?.message;
      if (message?.$case !== 'observation') return bytes;
      lies += 1;
      const links = message.value.links.map(({ nodeId }) => ({
        nodeId,
        windowMs: nodeId === leader ? [10_000, 10_000, 10_000] : [0, 0, 0],
      }));
      const unsigned = { ...message.value, links };
      const signature = sealOf(identityKeyOf(from), observationBytes(clusterId, unsigned));
      const value = { ...unsigned, signature };
      return encodeTaskMessage({ message: { $case: 'observation', value } });
    },
  });
  liar = cluster.nodes.findLast((node) => node !== leader);
  const { term } = cluster.at(leader).status();
  // It answers the leader late, and the other at once.
  cluster.conditions.linkMs = (from, to) => (from === liar && to === leader ? 400 : 1);
  await cluster.pass(150_000);
  expect(lies).toBeGreaterThan(1);
  const seen = cluster.at(leader).status().monitor;
  expect(seen.switches).toEqual([]);
  expect(seen.verdict).toEqual({ kind: 'stay', reason: 'none-better' });
  expect([cluster.leader, cluster.at(leader).status().term]).toEqual([leader, term]);
}, 300_000);

test('an idle cluster writes its observations into the log twice in five minutes, three times at most', async () => {
  const leader = await begin();
  await cluster.pass(60_000);
  const before = cluster.at(leader).status().applied;
  await cluster.pass(300_000);
  expect(cluster.at(leader).status().applied - before).toBeLessThanOrEqual(3);
}, 300_000);

test('where it is told to observe alone a slow leader stays, and everybody sees why it might not', async () => {
  const leader = await begin({ monitor: 'observe' });
  cluster.conditions.linkMs = (from) => (from === leader ? 51 : 1);
  await cluster.pass(120_000);
  expect(cluster.leader).toBe(leader);
  const { mode, verdict, switches } = cluster.at(leader).status().monitor;
  expect([mode, verdict?.kind, switches]).toEqual(['observe', 'switch', []]);
}, 300_000);

test('a monitor that is off says nothing', async () => {
  const leader = await begin({ monitor: 'off' });
  const before = cluster.at(leader).status().applied;
  await cluster.pass(60_000);
  const status = cluster.at(leader).status();
  expect(status.applied).toBe(before);
  expect(status.monitor).toMatchObject({ mode: 'off', scores: [], switches: [] });
}, 300_000);
