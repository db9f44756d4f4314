import { expect } from '@jest/globals';
import { join } from 'node:path';
import { clusterId, keyId, nodeId, sessionId, toHex, utf8 } from '../../../src/common/index.js';
import { SecretBytes } from '../../../src/crypto/index.js';
import { Holdings } from '../../../src/keys/holdings.js';
import {
  identityPathOf,
  makeFolder,
  systemClock,
  systemRandom,
} from '../../../src/machine/index.js';
import { loadNodeKeys, NodeKeyChange } from '../../../src/node/node-key-change.js';
import {
  beginKeyChange,
  keyChangeKeyOf,
  keyChangePathOf,
  newIdentity,
  newPassphraseKey,
  nodeKeyOf,
  openIdentity,
  wrappingKeyOf,
} from '../../../src/pki/index.js';
import type { ShareStore } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';

export const NODE = nodeId('node-1');
export const SHARES = 20;
export const NO_RECORD = new Uint8Array(0);

/** What a node's variable holds: its key, or a passphrase of which the key is made. */
export type Kind = 'env' | 'passphrase';

/** The process ends at a step of its own choice. */
class Killed extends Error {}

export function placeOf(at: number) {
  const publicHash = new Uint8Array(32).fill(at);
  return {
    keyId: keyId(`key-${at}`),
    sessionId: sessionId('ab'.repeat(32)),
    version: 1,
    publicHash,
  };
}

export function secretOf(at: number) {
  const bytes = new SecretBytes(new Uint8Array(32).fill(at + 1));
  return { kind: 'key-share/test', about: new Uint8Array(0), bytes };
}

export function madeOf(kind: Kind, secret: string) {
  using text = new SecretBytes(utf8(secret));
  if (kind === 'passphrase') return newPassphraseKey(text, 'a test');
  return { key: nodeKeyOf(text, 'a test', 'node_key.env'), header: undefined };
}

function newSecret(): string {
  return toHex(systemRandom.bytes(32));
}

/** A node whose key comes from a variable, and its runs. Nothing is mocked but the clock's timers. */
export class Home {
  readonly kind: Kind;
  readonly records = new Map<string, Uint8Array>();
  readonly lines: string[] = [];
  readonly dataDir: string;
  readonly publicKey: string;
  readonly old: string;
  readonly next: string;
  /** Replaced records after which the process ends. */
  replacesLeft = Infinity;

  constructor(kind: Kind, folder: string) {
    this.kind = kind;
    this.dataDir = join(folder, 'data');
    [this.old, this.next] = [newSecret(), newSecret()];
    makeFolder(this.dataDir);
    const { key, header } = madeOf(kind, this.old);
    using nodeKey = key;
    const identity = newIdentity();
    this.publicKey = toHex(identity.publicKey);
    identity.write(this.identityPath, NODE, nodeKey.bytes, header);
  }

  get identityPath(): string {
    return identityPathOf(this.dataDir);
  }

  get changePath(): string {
    return keyChangePathOf(this.identityPath);
  }

  get config() {
    const nodeKey = { kind: this.kind, variable: 'SECRET', where: 'test' };
    return { nodeKey, nodeId: NODE, dataDir: this.dataDir };
  }

  /** As `quorate node-key rotate` does it. */
  async begin(): Promise<boolean> {
    const { key: before, next: other } = await loadNodeKeys(this.config, { SECRET: this.old });
    other?.[Symbol.dispose]();
    using present = before;
    const { key, header } = madeOf(this.kind, this.next);
    using next = key;
    return beginKeyChange(this.identityPath, NODE, { before: present, next }, header);
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

  /** A run of the node's process with this secret in its variable, as its start opens what is there. */
  async open(secret: string): Promise<{ holdings: Holdings; change: NodeKeyChange; id: string }> {
    const environment = { SECRET: secret };
    const { key, next } = await loadNodeKeys(this.config, environment);
    if (Object.keys(environment).length > 0) throw new Error('the secret stays in its variable');
    const id = [key, next].flatMap((each) => {
      try {
        if (each === undefined) return [];
        return [toHex(openIdentity(this.identityPath, NODE, each.bytes).publicKey)];
      } catch {
        return [];
      }
    })[0];
    const holdings = new Holdings({
      shares: this.shares(),
      wrappingKey: wrappingKeyOf(key.bytes),
      clusterId: clusterId('c1'.repeat(16)),
      nodeId: NODE,
      random: systemRandom,
      openMax: 2 * SHARES,
      openBytesMax: 65_536,
      onClosed: () => undefined,
    });
    if (next !== undefined) holdings.beginRewrap(wrappingKeyOf(next.bytes));
    const line = (text: string) => void this.lines.push(text);
    const change = new NodeKeyChange({
      config: this.config,
      environment: {},
      changeKey: keyChangeKeyOf(key.bytes),
      wrapping: holdings,
      clock: { ...systemClock, after: () => ({ cancel: () => undefined }) },
      logger: { debug: line, info: line, warn: line, error: line, alarm: line },
    });
    key[Symbol.dispose]();
    next?.[Symbol.dispose]();
    return { holdings, change, id: id ?? 'no identity' };
  }

  /** A run that looks at everything and ends. */
  async opens(secret: string): Promise<{ id: string; secrets: (Uint8Array | undefined)[] }> {
    const { holdings, id } = await this.open(secret);
    const secrets: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < SHARES; at++) {
      await holdings.load(placeOf(at), () => true);
      secrets.push(holdings.openAt(placeOf(at))?.bytes.bytes.slice());
    }
    holdings.close();
    return { id, secrets };
  }

  /** A run that changes the node key, as far as it gets. */
  async change(secret: string): Promise<void> {
    const { holdings, change } = await this.open(secret);
    await change.change();
    await change.stop();
    holdings.close();
  }

  get whole() {
    const secrets = Array.from({ length: SHARES }, (_, at) => secretOf(at).bytes.bytes);
    return { id: this.publicKey, secrets };
  }
}

export async function homeWithShares(kind: Kind, folder: string): Promise<Home> {
  const home = new Home(kind, folder);
  const { holdings } = await home.open(home.old);
  for (let at = 0; at < SHARES; at++) await holdings.keep(placeOf(at), secretOf(at), NO_RECORD);
  holdings.close();
  return home;
}

/** The reason of a start with a secret that opens nothing, while a change is under way. */
export const WRONG = { env: 'IDENTITY_KEY', passphrase: 'WRONG_PASSPHRASE' } as const;

/** That nothing is sealed under the secret any more. */
export async function expectNothingUnder(home: Home, secret: string): Promise<void> {
  if (home.kind === 'passphrase')
    await expect(home.open(secret)).rejects.toMatchObject({ reason: WRONG.passphrase });
  else {
    const { holdings, id } = await home.open(secret);
    expect(id).toBe('no identity');
    await expect(holdings.load(placeOf(0), () => true)).rejects.toMatchObject({
      code: 'data-loss',
    });
    holdings.close();
  }
}
