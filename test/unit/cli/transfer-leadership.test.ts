import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encode,
  GetClusterResponse,
  TransferLeadershipRequest,
  TransferLeadershipResponse,
} from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

const TRANSFER = '/quorate.v1.ClusterService/TransferLeadership';
const folder = mkdtempSync(join(tmpdir(), 'quorate-'));

let both: Awaited<ReturnType<typeof authorities>>;
beforeAll(async () => {
  both = await authorities();
  const { ca, cert, key } = await tlsFor(both, 'operator', 'operator');
  for (const [name, text] of Object.entries({ ca, cert, key })) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
  writeFileSync(join(folder, 'cluster.json'), genesisFor(both).bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let node: ScriptedNode | undefined;
afterEach(async () => {
  await node?.[Symbol.asyncDispose]();
  node = undefined;
});

/** Runs the command against a node that shows this leader of term 5, and answers with that one of term 6. */
async function run(before: string, after: string, ...flags: string[]): Promise<Ran> {
  const cluster = { nodeId: 'node-1', leaderId: before, term: 5n };
  node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    '/quorate.v1.ClusterService/GetCluster': () =>
      Promise.resolve(encode(GetClusterResponse, GetClusterResponse.fromPartial({ cluster }))),
    [TRANSFER]: () =>
      Promise.resolve(encode(TransferLeadershipResponse, { leaderId: after, term: 6n })),
  });
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
  const genesis = ['--cluster-file', join(folder, 'cluster.json')];
  const at = ['--endpoint', node.address];
  return quorate(['cluster', 'transfer-leadership', ...at, ...files, ...genesis, ...flags]);
}

/** What the node was ordered, with a signature. */
const orders = (): TransferLeadershipRequest[] =>
  (node?.received ?? [])
    .filter(({ method, metadata }) => method === TRANSFER && metadata.get('quorate-expiry')[0])
    .map(({ request }) => TransferLeadershipRequest.decode(request));

test('the order is signed, and names the term whose leader is to hand over', async () => {
  const { status, out } = await run('node-3', 'node-2', '--to', 'node-2');

  expect([status, out]).toEqual([0, 'node-2 leads now, in place of node-3']);
  expect(orders()).toEqual([{ term: 5n, targetNodeId: 'node-2' }]);
});

test('without --to the leader chooses, and --json says who leads', async () => {
  const { status, out } = await run('node-3', 'node-1', '--json');

  expect(status).toBe(0);
  expect(JSON.parse(out)).toEqual({ from_node_id: 'node-3', leader_id: 'node-1', term: 6 });
  expect(orders()).toEqual([{ term: 5n, targetNodeId: '' }]);
});

test('a node that leads already is told as such', async () => {
  expect((await run('node-2', 'node-2', '--to', 'node-2')).out).toBe('node-2 leads already');
});

test('where no leader is known nothing is ordered', async () => {
  const { status, err } = await run('', 'node-2');

  expect(status).toBe(5);
  expect(err).toContain('There is no leader that could hand over');
  expect(orders()).toEqual([]);
});

test('an answer with another leader than was asked for is an error', async () => {
  const { status, err } = await run('node-3', 'node-1', '--to', 'node-2');

  expect(status).not.toBe(0);
  expect(err).toContain('another leader than was asked for');
});
