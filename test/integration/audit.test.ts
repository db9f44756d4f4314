import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { verifyFiles } from '../../src/audit/index.js';
import { nodeId, toHex, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { METHODS, signatureOf } from '../../src/state/index.js';
import { decode, decodeTaskMessage, Declined } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { ManualAuditFiles } from '../support/builders/audit-log.js';
import {
  generateRequest,
  NODES,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const WITHIN_MS = 20_000;
const [one = nodeId('node-1'), two = nodeId('node-2')] = NODES.map(nodeId);

type Told = { readonly from: NodeId; readonly what: string; readonly session: string };

let files: Map<NodeId, ManualAuditFiles>;
/** Contributions and refusals that nodes have sent. */
let told: Told[];
let cluster: ReplicaCluster;
let asked = 0;

beforeEach(async () => {
  files = new Map(NODES.map((node) => [nodeId(node), new ManualAuditFiles()]));
  told = [];
  asked = 0;
  cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    auditOf: filesOf,
    altered: (from, channel, bytes) => {
      if (channel === 'tasks') listen(from, bytes);
      return bytes;
    },
  });
  await cluster.submit(one, METHODS.generateKey, generateRequest('treasury'));
});
afterEach(() => cluster[Symbol.asyncDispose]());

function filesOf(node: NodeId): ManualAuditFiles {
  const found = files.get(node);
  if (found === undefined) throw new Error(`no node ${node}`);
  return found;
}

function listen(from: NodeId, bytes: Uint8Array): void {
  const message = decodeTaskMessage(bytes)?.message;
  if (message?.$case !== 'contribution' && message?.$case !== 'decline') return;
  const { envelope } = message.value;
  if (envelope?.content?.$case !== 'open') return;
  const isShare = message.$case === 'contribution';
  const word = isShare ? undefined : decode(Declined, envelope.content.value.body)?.reason;
  told.push({ from, what: word ?? 'share', session: toHex(envelope.sessionId) });
}

/** The sessions in which a node has given a share. */
function sharesOf(node: NodeId): ReadonlySet<string> {
  const shares = told.filter(({ from, what }) => from === node && what === 'share');
  return new Set(shares.map(({ session }) => session));
}

async function sign(entry: NodeId): Promise<void> {
  asked += 1;
  const request = signRequest('treasury', `sign-${asked}`, utf8(`message ${asked}`));
  const outcome = await cluster.submit(entry, METHODS.sign, request);
  expect(signatureOf(outcome)?.signature).toHaveLength(64);
}

/** Resolves when it holds; each look is a turn of the loop. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  while (!(await holds())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function signed(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /"event":"outcome","kind":"sign"/.test(line));
}

/** Resolves when all that was signed is in the log, all nodes have written as much, and nothing waits. */
async function settled(): Promise<void> {
  // A client is answered before the log has the outcome.
  await until(async () => signed(await filesOf(one).lines()).length === asked);
  await until(() => {
    const all = NODES.map((node) => cluster.at(nodeId(node)).status());
    const isSame = all.every(({ applied }) => applied === all[0]?.applied);
    return isSame && all.every(({ audit }) => audit?.lagMs === 0 && audit.line > 0);
  });
}

async function expectSameLines(): Promise<readonly string[]> {
  await settled();
  const [first = [], ...others] = await Promise.all(
    NODES.map((node) => filesOf(nodeId(node)).lines()),
  );
  for (const lines of others) expect(lines).toEqual(first);
  for (const each of files.values())
    expect((await verifyFiles(each, undefined)).faults).toEqual([]);
  return first;
}

test('three nodes write the same lines, also one that was started again', async () => {
  for (const node of NODES) await sign(nodeId(node));
  const lines = await expectSameLines();
  expect(signed(lines)).toHaveLength(3);
  expect(lines[0]).toContain('"event":"genesis"');

  await cluster.stop(two);
  await sign(one);
  await cluster.restart(two);
  await cluster.ready(two);
  await sign(two);
  const more = await expectSameLines();
  expect(more.slice(0, lines.length)).toEqual(lines);
  expect(more.some((line) => line.includes('"event":"gap"'))).toBe(false);
});

test('a node whose audit file fails gives no share, others sign, and it goes on when the disk has room', async () => {
  await settled();
  filesOf(two).failure = new Error('ENOSPC: no space left on device');
  await sign(one);
  await until(() => cluster.at(two).status().audit?.isBehind === true);
  await until(() => cluster.at(two).status().leader !== two);
  // What it had said before is said again until the tasks are closed there.
  const before = sharesOf(two);
  told.length = 0;

  for (let count = 0; count < 4; count++) await sign(one);
  expect([...sharesOf(two)].filter((session) => !before.has(session))).toEqual([]);
  expect(cluster.at(one).status().audit?.isBehind).toBe(false);

  filesOf(two).failure = undefined;
  await until(() => cluster.at(two).status().audit?.isBehind === false);
  await expectSameLines();
  told.length = 0;
  await cluster.stop(nodeId('node-3'));
  await sign(one);
  expect(sharesOf(two).size).toBeGreaterThan(0);
});
