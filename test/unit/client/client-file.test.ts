import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateClient } from '../../../src/client/index.js';
import { encode, GetClusterResponse } from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';

let folder: string;
let node: ScriptedNode;
const workingFolder = process.cwd();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-client-file-'));
  const both = await authorities();
  node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    '/quorate.v1.ClusterService/GetCluster': async () =>
      encode(GetClusterResponse, GetClusterResponse.fromPartial({ cluster: { nodeId: 'node-1' } })),
  });
  const place = join(folder, '.quorate', 'dev', 'operator');
  mkdirSync(place, { recursive: true });
  const { ca, cert, key } = await tlsFor(both, 'operator', 'alice');
  const files = { 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  writeFileSync(join(place, 'cluster.json'), genesisFor(both).bytes);
  const paths = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const endpoints = [node.address];
  writeFileSync(join(place, 'client.json'), JSON.stringify({ endpoints, ...paths }));
});
afterEach(() => {
  process.chdir(workingFolder);
  delete process.env['QUORATE_CLIENT_FILE'];
  delete process.env['QUORATE_ENDPOINTS'];
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function answering(client: QuorateClient): Promise<string> {
  try {
    return (await client.getCluster()).nodeId;
  } finally {
    client.close();
  }
}

const file = () => join(folder, '.quorate', 'dev', 'operator', 'client.json');

describe('a client from a client file', () => {
  test('a client is made from the file that is named, from the variable, or from the cluster of the working folder', async () => {
    expect(await answering(QuorateClient.fromClientFile(file()))).toBe('node-1');
    process.env['QUORATE_CLIENT_FILE'] = file();
    expect(await answering(QuorateClient.fromClientFile())).toBe('node-1');
    delete process.env['QUORATE_CLIENT_FILE'];
    process.chdir(folder);
    expect(await answering(QuorateClient.fromClientFile())).toBe('node-1');
  });

  test('variables go before the file, and options before both', async () => {
    process.env['QUORATE_ENDPOINTS'] = 'nowhere';
    expect(() => QuorateClient.fromClientFile(file())).toThrow(/"nowhere" is no endpoint/);
    const endpoints = [node.address];
    expect(await answering(QuorateClient.fromClientFile(file(), { endpoints }))).toBe('node-1');
  });

  test('a folder without a cluster is told with the ways to name one', () => {
    process.chdir(tmpdir());
    expect(() => QuorateClient.fromClientFile()).toThrow(
      /^Which cluster\? Give the path of a client\.json, or set QUORATE_CLIENT_FILE/,
    );
    expect(() => QuorateClient.fromClientFile('/nowhere/client.json')).toThrow(
      /\/nowhere\/client\.json: cannot be read: there is no such file$/,
    );
  });
});
