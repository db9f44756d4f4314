import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encode,
  GetClusterResponse,
  SigningFailures,
  UnlockSigningRequest,
  UnlockSigningResponse,
} from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

const UNLOCK = '/quorate.v1.ClusterService/UnlockSigning';
const folder = mkdtempSync(join(tmpdir(), 'quorate-'));

let both: Authorities;
beforeAll(async () => {
  both = await authorities();
  const { ca, cert, key } = await tlsFor(both, 'operator', 'operator');
  for (const [name, text] of Object.entries({ ca, cert, key })) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
  writeFileSync(join(folder, 'cluster.json'), genesisFor(both).bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodes: ScriptedNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

/** A node for each of these counts. */
async function open(counts: readonly (readonly Partial<SigningFailures>[])[]): Promise<string[]> {
  for (const [at, each] of counts.entries()) {
    const signingFailures = each.map((fields) => SigningFailures.fromPartial(fields));
    const cluster = { nodeId: `node-${at + 1}`, signingFailures };
    const failures = each[0]?.failures ?? 0;
    const script = {
      '/quorate.v1.ClusterService/GetCluster': () =>
        Promise.resolve(encode(GetClusterResponse, GetClusterResponse.fromPartial({ cluster }))),
      [UNLOCK]: () => Promise.resolve(encode(UnlockSigningResponse, { failures })),
    };
    nodes.push(await ScriptedNode.open(await tlsFor(both, 'tee', `node-${at + 1}`), script));
  }
  return nodes.flatMap(({ address }) => ['--endpoint', address]);
}

function run(endpoints: readonly string[], ...flags: string[]): Promise<Ran> {
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
  const genesis = ['--cluster-file', join(folder, 'cluster.json')];
  return quorate(['cluster', 'unlock', ...endpoints, ...files, ...genesis, ...flags]);
}

/** What each node was ordered, with a signature. */
const orders = (): readonly (readonly UnlockSigningRequest[])[] =>
  nodes.map(({ received }) =>
    received
      .filter(({ method, metadata }) => method === UNLOCK && metadata.get('quorate-expiry')[0])
      .map(({ request }) => UnlockSigningRequest.decode(request)),
  );

const LOCKED = { keyId: 'treasury', version: 2, failures: 32, sinceTimeMs: 5n };

test('cluster unlock orders it of each node that counts the failures, by the count that it shows', async () => {
  const endpoints = await open([[LOCKED], [], [{ ...LOCKED, failures: 8, sinceTimeMs: 6n }]]);

  const { status, out } = await run(endpoints, 'treasury', '--yes');

  expect([status, out]).toEqual([
    0,
    'node-1 has forgotten 32 failed sessions\nnode-3 has forgotten 8 failed sessions',
  ]);
  const order = { keyId: 'treasury', version: 2, silentNodeId: '' };
  expect(orders()).toEqual([
    [{ ...order, nodeId: 'node-1', sinceTimeMs: 5n }],
    [],
    [{ ...order, nodeId: 'node-3', sinceTimeMs: 6n }],
  ]);
});

test('cluster unlock clears a silent node at the node that is named, and nowhere else', async () => {
  const silent = { silentNodeId: 'node-3', failures: 3, sinceTimeMs: 7n };
  const endpoints = await open([[LOCKED, silent], [silent]]);

  const { status, out } = await run(
    endpoints,
    '--silent',
    'node-3',
    '--node',
    'node-2',
    '--yes',
    '--json',
  );

  expect([status, JSON.parse(out)]).toEqual([0, { cleared: [{ node_id: 'node-2', failures: 3 }] }]);
  const order = {
    nodeId: 'node-2',
    keyId: '',
    version: 0,
    silentNodeId: 'node-3',
    sinceTimeMs: 7n,
  };
  expect(orders()).toEqual([[], [order]]);
});

test('cluster unlock orders nothing that is not sure: without --yes, without a count, of several versions', async () => {
  const endpoints = await open([[LOCKED, { ...LOCKED, version: 3 }]]);
  expect((await run(endpoints, 'treasury')).err).toMatch(/--yes/);
  expect((await run(endpoints, '--yes')).err).toMatch(/Name a key/);
  expect((await run(endpoints, 'other', '--yes')).err).toMatch(/No node/);
  expect((await run(endpoints, 'treasury', '--yes')).err).toMatch(/Several versions/);
  expect(orders()).toEqual([[]]);
  expect((await run(endpoints, 'treasury', '--key-version', '3', '--yes')).status).toBe(0);
});
