import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { askedPage } from '../../src/api/page.js';
import { presentKey } from '../../src/api/present.js';
import { EVIDENCE_FORMAT } from '../../src/blame/judge-evidence.js';
import { evidenceFile } from '../../src/cli/blame.js';
import { writeClientFile } from '../../src/cli/client-file.js';
import { nodeYaml } from '../../src/cli/node-yaml.js';
import { keyId, nodeId, sessionId, u64be } from '../../src/common/index.js';
import { SecretBytes } from '../../src/crypto/index.js';
import { encodeMemberRequest, requestBytes } from '../../src/identity/index.js';
import { sealSecret } from '../../src/keys/sealed-secret.js';
import { openDataDirectory, systemRandom } from '../../src/machine/index.js';
import { beginKeyChange, createNodeKey, makeNextKey, newIdentity } from '../../src/pki/index.js';
import { snapshotToBytes } from '../../src/raft/checkpoints/codec.js';
import { encodeMessage } from '../../src/raft/index.js';
import { readsMany } from '../../src/rpc/peers/frame.js';
import { helloOf } from '../../src/rpc/peers/hello.js';
import { encodeCommand, METHODS, readLevel } from '../../src/state/index.js';
import { record } from '../../src/store/records.js';
import {
  encode,
  encodeTaskMessage,
  Hello,
  lengthPrefixed,
  levelNamed,
  ListKeysRequest,
  transcript,
} from '../../src/wire/index.js';
import { fill, Ledger, testGenesis } from '../support/builders/ledger.js';
import { selfOf } from './rpc/server-fixture.js';

const ONE = nodeId('node-1');
const SNAPSHOT = {
  certificate: {
    mark: {
      index: 1,
      term: 1,
      timeMs: 1,
      hash: fill(1, 32),
      stateHash: fill(2, 32),
      membersHash: fill(3, 32),
    },
    signatures: [],
  },
  bytes: 1,
  chain: fill(4, 32),
};
const genesis = testGenesis();
const { clusterId } = genesis;
const owner = { clusterId, nodeId: ONE };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-versions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const formatOf = (json: string | Uint8Array): string => {
  const text = typeof json === 'string' ? json : new TextDecoder().decode(json);
  return String(JSON.parse(text).format);
};
const pathOf = (name: string): string => join(folder, name);
const fileAt = (name: string): string => readFileSync(pathOf(name), 'utf8');
const levelOf = (bytes: Uint8Array): string => `level ${levelNamed(bytes)}`;

/** The text that is length-prefixed at the beginning of bytes. */
function firstText(bytes: Uint8Array): string {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  expect(lengthPrefixed(bytes.slice(8, 8 + length))).toEqual(bytes.slice(0, 8 + length));
  return new TextDecoder().decode(bytes.slice(8, 8 + length));
}

async function nodeFile(): Promise<string> {
  const directory = await openDataDirectory(join(folder, 'data'), owner);
  directory.claim();
  await directory.release();
  return formatOf(fileAt('data/node.json'));
}

/** What the code writes, by the name that `docs/wire.md` has for each format. */
const WRITTEN: Readonly<Record<string, () => string | Promise<string>>> = {
  'cluster.json': () => formatOf(genesis.bytes),
  transcript: () => firstText(transcript('label', [])),
  'signed request': () =>
    new TextDecoder().decode(requestBytes(clusterId, 'm', 0, fill(0, 0)).slice(0, 18)),
  'public API': () => /^\/(quorate\.v\d+)\./.exec(METHODS.sign)?.[1] ?? '',
  'page token': () => {
    const { behind } = askedPage(ListKeysRequest, ListKeysRequest.fromPartial({}));
    const { nextPageToken } = behind({ records: [], next: 'a', moreCount: 1 });
    return Buffer.from(nextPageToken, 'base64url').toString().split('/')[0] ?? '';
  },
  'key certificate': () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const key = ledger.ask.key('treasury');
    return String(key && presentKey(clusterId, key).certificate?.format);
  },
  evidence: () => String(EVIDENCE_FORMAT),
  'evidence file': () => formatOf(evidenceFile([])),
  command: () =>
    levelOf(encodeCommand({ $case: 'failed', value: { taskId: '', reason: '', evidence: [] } })),
  'replicated state': () => `level ${readLevel(new Ledger().state)}`,
  'raft message': () =>
    levelOf(encodeMessage({ type: 'read-request', from: ONE, to: ONE, term: 1, readId: 1 })),
  'task message': () =>
    levelOf(encodeTaskMessage({ message: { $case: 'forward', value: { request: fill(0, 0) } } })),
  frame: () => `build level ${[1, 2, 3, 4].find(readsMany)}`,
  hello: () => levelOf(encode(Hello, helloOf(clusterId, selfOf(ONE, 1)))),
  'sealed secret': () => {
    const place = { ...owner, keyId: keyId('k'), version: 1, sessionId: sessionId('00') };
    using bytes = new SecretBytes(fill(1, 32));
    const secret = { kind: 'test', about: fill(0, 0), bytes };
    const at = { ...place, publicHash: fill(0, 32) };
    return String(sealSecret(at, secret, fill(0, 0), fill(2, 32), systemRandom)[0]);
  },
  checkpoint: () => String(snapshotToBytes(SNAPSHOT)[0]),
  'stored record': () => String(record(u64be(7))[0]),
  'node.json': nodeFile,
  'sealed node key': async () => {
    const path = join(folder, 'seal');
    writeFileSync(path, '#!/bin/sh\ncat\n', { mode: 0o755 });
    const way = { program: { path, nodeId: ONE }, environment: process.env };
    createNodeKey(join(folder, 'sealed.key'))[Symbol.dispose]();
    await makeNextKey(join(folder, 'sealed.key'), way);
    return formatOf(fileAt('sealed.key.next'));
  },
  'change of a node key': () => {
    using before = new SecretBytes(fill(4, 32));
    using next = new SecretBytes(fill(5, 32));
    using identity = newIdentity();
    identity.write(join(folder, 'changed.key'), ONE, before.bytes);
    beginKeyChange(join(folder, 'changed.key'), ONE, { before, next });
    return formatOf(fileAt('changed.key.next'));
  },
  'identity file': () => {
    using identity = newIdentity();
    identity.write(join(folder, 'identity.key'), ONE, fill(3, 32));
    return formatOf(fileAt('identity.key'));
  },
  'member request': () => {
    using identity = newIdentity();
    const { publicKey: identityKey } = identity;
    const request = { nodeId: ONE, role: 'tee', identityKey, tlsKey: fill(0, 1) } as const;
    return formatOf(encodeMemberRequest(request, (bytes) => identity.sign(bytes)));
  },
  'node.yaml': () => {
    const node = { id: ONE, hosts: ['a'], clientListen: 'a:1', peerListen: 'a:2' };
    return String(parse(nodeYaml(node, [node])).format);
  },
  'client.json': () => {
    const [ca, cert, key, clusterFile] = ['ca', 'cert', 'key', 'cluster.json'].map(pathOf) as [
      string,
      string,
      string,
      string,
    ];
    writeClientFile(pathOf('client.json'), { endpoints: ['a:1'], ca, cert, key, clusterFile });
    return formatOf(fileAt('client.json'));
  },
};

test('docs/wire.md names every format with the version that the code writes', async () => {
  const page = readFileSync('docs/wire.md', 'utf8');
  const table = page.slice(page.indexOf('## Versions, and what may change'));
  const rows = [...table.matchAll(/^- `([^`]+)`\n {2}- _version_: (.+)$/gm)].map(
    ([, name = '', version = '']) => [name, version] as const,
  );

  const written = await Promise.all(
    Object.entries(WRITTEN).map(async ([name, version]) => [name, await version()] as const),
  );
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(written));
  expect(rows).toHaveLength(written.length);
});
