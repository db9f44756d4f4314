/**
 * What keys cost a node of memory: `npm run bench:memory [-- --keys 100000 --opened 8192 --mongo URI] [--json]`. One
 * process writes key records into a state and their sealed shares into a store, embedded or in a MongoDB database of its own, which is dropped
 * in the end. Another, fresh one opens both as a node does, builds the index of lists, lists the store, and opens so many
 * shares, of which 4,096 stay open. It prints its memory after each, as Linux counts it, garbage collected.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { algorithmJobs } from '../src/algorithms/index.js';
import { bootId, clusterId, keyId, nodeId, sessionId, utf8 } from '../src/common/index.js';
import { SecretBytes } from '../src/crypto/index.js';
import { KeyManager } from '../src/keys/index.js';
import { polynomialHash, sealSecret } from '../src/keys/sealed-secret.js';
import { toSecret } from '../src/keys/share-secret.js';
import {
  arithmeticBy,
  chooseBackends,
  inlineCompute,
  systemClock,
  systemRandom,
} from '../src/machine/index.js';
import type { ShareId, ShareStore } from '../src/ports/index.js';
import { ListIndex, Overlay } from '../src/state/index.js';
import { openStores } from '../src/store/index.js';
import type { Stores } from '../src/store/index.js';
import { shareDocument } from '../src/store/mongo/documents.js';
import type { ShareDocument } from '../src/store/mongo/documents.js';
import { shareToBytes } from '../src/store/share-records.js';
import { Algorithm, encode, KeyRecord } from '../src/wire/index.js';
import { memoryOf } from './process-memory.js';

// The code of a whole node is part of what it takes.
await import('../src/node/index.js');

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    mongo: { type: 'string' },
    opened: { type: 'string', default: '8192' },
    json: { type: 'boolean', default: false },
    // Of the two processes that this one starts.
    act: { type: 'string' },
    folder: { type: 'string', default: '' },
    database: { type: 'string', default: `quorate-bench-${randomBytes(4).toString('hex')}` },
  },
});
const count = Number(values.keys);
const BATCH = 500;
const PAGE = 25_000;
const CLUSTER = clusterId('c1'.repeat(16));
const NODE = nodeId('node-1');
const WRAPPING_KEY = new Uint8Array(32).fill(1);
const ALGORITHM = Algorithm.FROST_ED25519_SHA512;
/** No point of these is looked at. */
const V = [1, 2].map((byte) => new Uint8Array(32).fill(byte));

function idOf(at: number) {
  return { keyId: keyId(`customer-wallet-${at}`), sessionId: sessionId(`${at}`.padStart(64, '0')) };
}

function opened(): Promise<Stores> {
  const paths = { logPath: join(values.folder, 'log'), sharesPath: join(values.folder, 'shares') };
  const owner = { identityKey: new Uint8Array(32).fill(7), isNew: values.act === 'fill' };
  const place = values.mongo && { uri: values.mongo, database: values.database };
  return openStores(paths, owner, place === '' ? undefined : place);
}

function signature(number: number) {
  return { nodeId: `node-${number}`, signature: randomBytes(64) };
}

/** A record as long as that of a key of three participants with a signed request. */
function keyRecord(at: number): Uint8Array {
  return encode(
    KeyRecord,
    KeyRecord.fromPartial({
      active: {
        sharing: {
          ...idOf(at),
          sessionId: randomBytes(32),
          requestHash: randomBytes(32),
          algorithm: ALGORITHM,
          threshold: 2,
          participants: [1, 2, 3].map((number) => ({
            nodeId: `node-${number}`,
            identityKey: randomBytes(32),
          })),
          version: 1,
          publicPolynomial: V,
          publicKey: randomBytes(32),
          chainCode: randomBytes(32),
          digest: randomBytes(32),
        },
        ready: [1, 2, 3].map(signature),
        installed: [1, 2, 3].map(signature),
      },
      createTimeMs: BigInt(Date.now()),
      owner: 'spiffe://quorate/app/payments',
      labels: [{ key: 'customer', value: `${at}` }],
      request: randomBytes(900),
    }),
  );
}

function sealedShare(at: number): Uint8Array {
  using scalar = new SecretBytes(randomBytes(32));
  const secret = toSecret({ algorithm: ALGORITHM, index: 1, threshold: 2, scalar });
  const publicHash = polynomialHash(V);
  const place = { ...idOf(at), clusterId: CLUSTER, nodeId: NODE, version: 1, publicHash };
  return sealSecret(place, secret, randomBytes(500), WRAPPING_KEY, systemRandom);
}

async function fill(): Promise<void> {
  const stores = await opened();
  const { consensus, shares } = stores;
  const client = values.mongo === undefined ? undefined : new MongoClient(values.mongo);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, at) => first + at);
    const writes = batch.map((at) => [utf8(`key/${idOf(at).keyId}`), keyRecord(at)] as const);
    await consensus.persist({ entries: [], writes, applied: 1 });
    const sealed = batch.map((at) => [idOf(at), sealedShare(at)] as const);
    if (client === undefined)
      await Promise.all(sealed.map(([id, bytes]) => shares.putIfAbsent(id, bytes)));
    else
      await client
        .db(values.database)
        .collection<ShareDocument>('shares')
        .insertMany(sealed.map(([id, bytes]) => shareDocument(id, shareToBytes(id, bytes))));
  }
  await client?.close();
  await stores.close();
}

/**
 * The same store, whose pages are cut from larger ones: the server of the tests reads a whole collection for each page, where
 * MongoDB reads an index.
 */
function inLargerPages(store: ShareStore): ShareStore {
  let ahead: readonly ShareId[] = [];
  return {
    putIfAbsent: (id, sealed) => store.putIfAbsent(id, sealed),
    get: (id) => store.get(id),
    replace: (...given) => store.replace(...given),
    delete: (id) => store.delete(id),
    close: () => store.close(),
    list: async ({ after, limit }) => {
      if (ahead.length <= limit)
        ahead = (await store.list({ ...(after && { after }), limit: PAGE })).items;
      const items = ahead.slice(0, limit);
      ahead = ahead.slice(limit);
      return { items, next: ahead.length > 0 ? items.at(-1) : undefined };
    },
  };
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** MiB of this process now, of its own and with the pages of files that it has mapped. */
function memory(what: string): object {
  for (let at = 0; at < 3; at++) globalThis.gc?.();
  const { ownBytes, mappedBytes } = memoryOf('self');
  return { what, own: mib(ownBytes), mapped: mib(mappedBytes) };
}

async function look(): Promise<object[]> {
  const { names } = await chooseBackends('auto');
  const arithmetic = await arithmeticBy(names);
  const stores = await opened();
  const { consensus, shares } = stores;
  const keys = new KeyManager({
    shares: values.mongo === undefined ? shares : inLargerPages(shares),
    wrappingKey: WRAPPING_KEY,
    clusterId: CLUSTER,
    nodeId: NODE,
    boot: bootId('b0'.repeat(16)),
    random: systemRandom,
    clock: systemClock,
    compute: inlineCompute(algorithmJobs(arithmetic)),
    schemes: arithmetic.schemes,
  });
  const found = [memory('started')];
  const index = new ListIndex(new Overlay(consensus));
  const building = index.build();
  while (building.next().done !== true);
  found.push(memory(`list of ${count} keys`));
  await keys.pending(idOf(0).keyId);
  found.push(memory('their shares listed'));
  for (let at = 0; at < Math.min(count, Number(values.opened)); at++)
    await keys.load({ ...idOf(at), version: 1, V, algorithm: ALGORITHM });
  found.push(memory(`${keys.openSecrets().open} shares open`));
  keys.close();
  await stores.close();
  return found;
}

async function run(act: string, folder: string): Promise<object[]> {
  const argv = ['--act', act, '--folder', folder, '--keys', values.keys];
  argv.push('--opened', values.opened);
  if (values.mongo !== undefined) argv.push('--mongo', values.mongo);
  const child = fork(fileURLToPath(import.meta.url), [...argv, '--database', values.database], {
    execArgv: ['--expose-gc'],
  });
  const said: object[] = [];
  child.on('message', (message) => said.push(Object(message) as object));
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${act} ended with ${String(status)}`);
  return said;
}

if (values.act === 'fill') {
  await fill();
} else if (values.act === 'look') {
  for (const each of await look()) process.send?.(each);
  process.disconnect();
} else {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-memory-'));
  try {
    await run('fill', folder);
    const found = await run('look', folder);
    if (values.json) console.log(JSON.stringify({ keys: count, found }));
    else console.table(found);
  } finally {
    rmSync(folder, { recursive: true });
    if (values.mongo !== undefined) {
      const client = new MongoClient(values.mongo);
      await client.db(values.database).dropDatabase();
      await client.close();
    }
  }
}
