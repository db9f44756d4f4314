import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterId, keyId, nodeId, sessionId, toHex } from '../../../src/common/index.js';
import { SecretBytes } from '../../../src/crypto/index.js';
import { Holdings } from '../../../src/keys/holdings.js';
import {
  identityPathOf,
  makeFolder,
  systemClock,
  systemRandom,
} from '../../../src/machine/index.js';
import { loadNextKey, NodeKeyChange } from '../../../src/node/node-key-change.js';
import {
  createNodeKey,
  isClearKeyFile,
  keyFileWay,
  loadNodeKey,
  makeNextKey,
  newIdentity,
  nextKeyPathOf,
  openIdentity,
  wrappingKeyOf,
} from '../../../src/pki/index.js';
import { ShareStoreError } from '../../../src/ports/index.js';
import type { ShareStore } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { temporaryDirectory } from '../../support/builders/stores.js';

const NODE = nodeId('node-1');
const SHARES = 40;
const NO_RECORD = new Uint8Array(0);

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

function unavailable(): Promise<never> {
  return Promise.reject(new ShareStoreError('unavailable', 'a test'));
}

/** The process ends at a step of its own choice. */
class Killed extends Error {}

function placeOf(at: number) {
  return {
    keyId: keyId(`key-${at}`),
    sessionId: sessionId('ab'.repeat(32)),
    version: 1,
    publicHash: new Uint8Array(32).fill(at),
  };
}

function secretOf(at: number) {
  const bytes = new SecretBytes(new Uint8Array(32).fill(at + 1));
  return { kind: 'key-share/test', about: new Uint8Array(0), bytes };
}

/** A node's secrets on disk, and its runs. */
class Home {
  readonly records = new Map<string, Uint8Array>();
  readonly lines: string[] = [];
  readonly dataDir = join(directory.path, 'data');
  readonly keyFile = join(directory.path, 'node.key');
  readonly publicKey: string;
  /** Replaced records after which the process ends. */
  replacesLeft = Infinity;
  sealProgram: string | undefined;

  constructor() {
    makeFolder(this.dataDir);
    using key = createNodeKey(this.keyFile);
    const identity = newIdentity();
    this.publicKey = toHex(identity.publicKey);
    identity.write(identityPathOf(this.dataDir), NODE, key.bytes);
  }

  get config() {
    const { keyFile: path, sealProgram } = this;
    const nodeKey = {
      kind: 'file' as const,
      path,
      where: 'test',
      ...(sealProgram && { sealProgram }),
    };
    return { nodeKey, nodeId: NODE, dataDir: this.dataDir };
  }

  makeNext(): Promise<boolean> {
    return makeNextKey(this.keyFile, keyFileWay(this.config.nodeKey, NODE, process.env));
  }

  shares(): ShareStore {
    const shares = memoryShareStore(this.records);
    return {
      putIfAbsent: (id, sealed) => shares.putIfAbsent(id, sealed),
      get: (id) => shares.get(id),
      delete: (id) => shares.delete(id),
      list: (page) => shares.list(page),
      close: () => shares.close(),
      replace: (id, before, after) => {
        if (this.replacesLeft === 0) return Promise.reject(new Killed());
        this.replacesLeft -= 1;
        return shares.replace(id, before, after);
      },
    };
  }

  /** A run of the node's process, as its start opens what is there. */
  async open(): Promise<{ holdings: Holdings; change: NodeKeyChange }> {
    const { config } = this;
    using key = await loadNodeKey(config.nodeKey, NODE, {}, '');
    using next = await loadNextKey(config, {});
    const holdings = new Holdings({
      shares: this.shares(),
      wrappingKey: wrappingKeyOf(key.bytes),
      clusterId: clusterId('c1'.repeat(16)),
      nodeId: NODE,
      random: systemRandom,
      openMax: 8,
      openBytesMax: 65_536,
      onClosed: () => undefined,
    });
    if (next !== undefined) holdings.beginRewrap(wrappingKeyOf(next.bytes));
    const line = (text: string) => void this.lines.push(text);
    const logger = { debug: line, info: line, warn: line, error: line, alarm: line };
    const change = new NodeKeyChange({
      config,
      environment: {},
      changeKey: new Uint8Array(32),
      wrapping: holdings,
      clock: { ...systemClock, after: () => ({ cancel: () => undefined }) },
      logger,
    });
    return { holdings, change };
  }

  /** The secrets that open in a run of their own, and the identity keys. */
  async opens(): Promise<{ identities: string[]; secrets: (Uint8Array | undefined)[] }> {
    using key = await loadNodeKey(this.config.nodeKey, NODE, {}, '');
    using next = await loadNextKey(this.config, {});
    const identities = [key, next].flatMap((each) => {
      try {
        const path = identityPathOf(this.dataDir);
        return each === undefined ? [] : [toHex(openIdentity(path, NODE, each.bytes).publicKey)];
      } catch {
        return [];
      }
    });
    const { holdings } = await this.open();
    const secrets: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < SHARES; at++) {
      await holdings.load(placeOf(at), () => true);
      secrets.push(holdings.openAt(placeOf(at))?.bytes.bytes.slice());
    }
    holdings.close();
    return { identities, secrets };
  }

  /** All that {@link opens} must give. */
  get whole(): Awaited<ReturnType<Home['opens']>> {
    const secrets = Array.from({ length: SHARES }, (_, at) => secretOf(at).bytes.bytes);
    return { identities: [this.publicKey], secrets };
  }
}

async function homeWithShares(): Promise<Home> {
  const home = new Home();
  const { holdings } = await home.open();
  for (let at = 0; at < SHARES; at++) await holdings.keep(placeOf(at), secretOf(at), NO_RECORD);
  holdings.close();
  return home;
}

test('a node that runs changes its node key, and nothing opens under the old one', async () => {
  const home = await homeWithShares();
  using before = await loadNodeKey(home.config.nodeKey, NODE, {}, '');
  const { holdings, change } = await home.open();
  await change.change();
  expect(home.lines).toEqual([]);

  expect(await home.makeNext()).toBe(true);
  expect(await home.makeNext()).toBe(false);
  await change.change();
  await holdings.keep(placeOf(SHARES), secretOf(SHARES), NO_RECORD);
  expect(await holdings.load(placeOf(0), () => true)).toBe(true);
  holdings.close();

  expect(home.lines).toEqual(['The node key is being changed', 'The node key has changed']);
  expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(false);
  expect(await home.opens()).toEqual(home.whole);
  using after = await loadNodeKey(home.config.nodeKey, NODE, {}, '');
  expect(toHex(after.bytes)).not.toBe(toHex(before.bytes));
  expect(() => openIdentity(identityPathOf(home.dataDir), NODE, before.bytes)).toThrow(
    'does not open',
  );
  writeFileSync(home.keyFile, `${toHex(before.bytes)}\n`);
  const old = await home.open();
  await expect(old.holdings.load(placeOf(0), () => true)).rejects.toMatchObject({
    code: 'data-loss',
  });
});

test('a change that ends at any record, or between the identity and the key file, is finished by the next start', async () => {
  for (let replaces = 0; replaces <= SHARES; replaces++) {
    const home = await homeWithShares();
    await home.makeNext();
    home.replacesLeft = replaces;
    const first = await home.open();
    await first.change.change();
    first.holdings.close();
    // All were wrapped: then the change itself was over.
    expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(replaces < SHARES);
    home.replacesLeft = Infinity;
    expect(await home.opens()).toEqual(home.whole);
    const second = await home.open();
    await second.change.change();
    second.holdings.close();
    expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(false);
    expect(await home.opens()).toEqual(home.whole);
    await directory.remove();
    directory = await temporaryDirectory();
  }
});

test('a crash between the identity key and the key file leaves a node that starts', async () => {
  const home = await homeWithShares();
  await home.makeNext();
  const old = readFileSync(home.keyFile, 'utf8');
  const next = readFileSync(nextKeyPathOf(home.keyFile), 'utf8');
  const first = await home.open();
  await first.change.change();
  // As before the last step.
  writeFileSync(home.keyFile, old);
  writeFileSync(nextKeyPathOf(home.keyFile), next, { mode: 0o600 });
  expect(await home.opens()).toEqual(home.whole);
  const second = await home.open();
  await second.change.change();
  expect(readFileSync(home.keyFile, 'utf8')).toBe(next);
  expect(await home.opens()).toEqual(home.whole);
});

test('a share store that is away is waited for, and damaged records hold nothing up', async () => {
  const home = await homeWithShares();
  const [name = ''] = home.records.keys();
  const bytes = home.records.get(name);
  if (bytes !== undefined)
    home.records.set(name, bytes.with(bytes.length - 1, 1 ^ (bytes.at(-1) ?? 0)));
  await home.makeNext();
  const { holdings, change } = await home.open();
  const away = new NodeKeyChange({
    config: home.config,
    environment: {},
    changeKey: new Uint8Array(32),
    wrapping: {
      beginRewrap: () => undefined,
      rewrap: unavailable,
      finishRewrap: () => undefined,
    },
    clock: { ...systemClock, after: () => ({ cancel: () => undefined }) },
    logger: {
      debug() {},
      info() {},
      warn() {},
      alarm() {},
      error: (text) => home.lines.push(text),
    },
  });
  await away.change();
  expect(home.lines).toEqual(['The node key could not be changed yet']);
  expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(true);

  await change.change();
  holdings.close();
  expect(home.lines.slice(1)).toEqual([
    'The node key is being changed',
    'The node key has changed',
    'Some records of the share store open under neither node key, and stay as they are',
  ]);
});

/** Wraps by XOR with 5A: enough to see who calls it, and how. */
function program(body: string): string {
  const path = join(directory.path, `seal-${Math.abs(body.length)}.mjs`);
  writeFileSync(path, `#!${process.execPath}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const XOR = `
import { readFileSync } from 'node:fs';
if (process.env.QUORATE_NODE_ID !== 'node-1') throw new Error('no node id');
if (!['wrap', 'unwrap'].includes(process.argv[2])) throw new Error('no action');
process.stdout.write(Buffer.from(readFileSync(0)).map((byte) => byte ^ 0x5a));`;

test('a node key in the clear becomes one that a program seals, and that one another', async () => {
  const home = await homeWithShares();
  home.sealProgram = program(XOR);
  expect(isClearKeyFile(home.keyFile)).toBe(true);
  for (let round = 0; round < 2; round++) {
    await home.makeNext();
    const { holdings, change } = await home.open();
    await change.change();
    holdings.close();
    expect(isClearKeyFile(home.keyFile)).toBe(false);
    expect(await home.opens()).toEqual(home.whole);
  }
  using key = await loadNodeKey(home.config.nodeKey, NODE, {}, '');
  expect(readFileSync(home.keyFile, 'utf8')).not.toContain(toHex(key.bytes));

  home.sealProgram = undefined;
  await expect(home.open()).rejects.toThrow('node_key.seal_program names none');
});

test.each([
  ['is not there', undefined, 'cannot be run'],
  [
    'fails',
    "process.stderr.write('no such token\\u001b[2J'); process.exit(3)",
    'status 3 and said: no such token\\u001b[2J',
  ],
  ['says nothing', '', 'it wrote nothing'],
  ['says too much', "process.stdout.write('x'.repeat(20000))", 'more than 16384 bytes'],
  [
    'forgets',
    "process.stdout.write(process.argv[2] === 'wrap' ? 'x' : 'y'.repeat(32))",
    'opens another key than it wrapped',
  ],
  ['makes no key', "process.stdout.write('short')", 'made no node key of 32 bytes'],
])('a seal program that %s makes no next key', async (_, body, words) => {
  const home = new Home();
  home.sealProgram = body === undefined ? join(directory.path, 'missing') : program(body);
  await expect(home.makeNext()).rejects.toThrow(words);
  expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(false);
});

test('a seal program whose own child keeps its output open is not waited for', async () => {
  const home = new Home();
  const pidFile = join(directory.path, 'agent.pid');
  // As a script does that starts an agent, or that is killed while a command of its own runs.
  home.sealProgram = program(`
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
const agent = spawn('sleep', ['300'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
appendFileSync(${JSON.stringify(pidFile)}, agent.pid + ' ');
agent.unref();
${XOR}`);
  try {
    await home.makeNext();
    expect(existsSync(nextKeyPathOf(home.keyFile))).toBe(true);
  } finally {
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number);
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }
});
