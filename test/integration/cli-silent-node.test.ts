import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, GetClusterResponse } from '../../src/wire/index.js';
import { ScriptedNode } from '../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../unit/rpc/server-fixture.js';
import { quorate } from './cli-process.js';

/** Commands as processes of their own, beside a node that is frozen: its kernel takes connections, and nothing answers. */
jest.setTimeout(60_000);

let folder: string;
let silent: Server;
let node: ScriptedNode;
const sockets: Socket[] = [];
beforeAll(async () => {
  silent = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const both = await authorities();
  node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    '/quorate.v1.ClusterService/GetCluster': async () =>
      encode(
        GetClusterResponse,
        GetClusterResponse.fromPartial({ cluster: { nodeId: 'node-1', leaderId: 'node-1' } }),
      ),
  });
  folder = mkdtempSync(join(tmpdir(), 'quorate-silent-'));
  const { ca, cert, key } = await tlsFor(both, 'operator', 'alice');
  const files = { 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), genesisFor(both).bytes);
  const paths = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const endpoints = [`127.0.0.1:${(silent.address() as AddressInfo).port}`, node.address];
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ endpoints, ...paths }));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.each(['health', 'status'])('cluster %s tells a closed port at once', async (what) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const endpoint = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  const argv = ['cluster', what, '--endpoint', endpoint, '--client-file', 'client.json'];
  // A command that asked again for as long as it may would outlast this test.
  const { status, out, err } = await quorate(folder, [...argv, '--timeout', '9m']);
  expect(out + err).toContain(`${endpoint} refused the connection`);
  expect(status).toBe(5);
});

test('a command that has printed its answer ends, though a node is frozen', async () => {
  const argv = ['cluster', 'status', '--json', '--client-file', 'client.json'];
  // Nor does a proxy that the environment names see anything of it.
  const { out } = await quorate(folder, argv, { https_proxy: 'http://127.0.0.1:9' });
  expect(JSON.parse(out)).toMatchObject({ node_id: 'node-1' });
  expect(sockets).not.toHaveLength(0);
  // The sockets that were still connecting are gone with the process.
  for (const socket of sockets) {
    socket.resume();
    if (!socket.closed) await once(socket, 'close');
  }
});
