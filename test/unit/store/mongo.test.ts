import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keyId, sessionId, utf8, wordsOf } from '../../../src/common/index.js';
import { ShareStoreError } from '../../../src/ports/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import { NAME_PATTERN } from '../../../src/store/mongo/documents.js';
import { openMongoShareStore } from '../../../src/store/index.js';
import type { MongoPlace } from '../../../src/store/index.js';
import { Envelope } from '../../../src/wire/index.js';
import { manager, sharing } from '../keys/sharing.js';
import { MongoDouble, NOT_PRIMARY, SetState } from '../../support/mongo/double.js';
import type { Fate } from '../../support/mongo/double.js';

/** What one real server does not show: its primary steps down, answers get lost, nothing answers. Against doubles over TCP. */

const ID = { keyId: keyId('key'), sessionId: sessionId('aa'.repeat(32)) };
const OWNER = { identityKey: new Uint8Array(32).fill(7) };
const LIMITS = {
  selectMs: 2_000,
  connectMs: 2_000,
  answerMs: 400,
  operationMs: 300,
  listMs: 300,
  heartbeatMs: 500,
};

type Store = NonNullable<Awaited<ReturnType<typeof openMongoShareStore>>>;
let set: SetState;
let doubles: MongoDouble[];
let stores: Store[];

beforeEach(() => {
  set = new SetState();
  doubles = [];
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await Promise.all(doubles.map((double) => double[Symbol.asyncDispose]()));
});

async function member(): Promise<MongoDouble> {
  const double = await MongoDouble.start(set);
  doubles.push(double);
  return double;
}

function uri(options = ''): string {
  const hosts = set.members.map(({ address }) => address).join(',');
  return `mongodb://${hosts}/?replicaSet=double${options}`;
}

async function opened(options?: string): Promise<Store> {
  const place = { uri: uri(options), database: 'quorate' };
  const isNew = { state: 'active' } as const;
  const store = await openMongoShareStore(place, { ...OWNER, isNew, limits: LIMITS });
  if (store === undefined) throw new Error('a new store is made');
  stores.push(store);
  return store;
}

/** PEM of an authority, and of a certificate by it for localhost, with its key. */
async function issued(authority: Credential, name: string) {
  const request = { role: 'tee', name, dns: ['localhost'], ips: ['127.0.0.1'], days: 20 } as const;
  const { certificate, privateKey } = await issueCertificate(authority, request);
  return {
    ca: Buffer.from(authority.certificate),
    cert: Buffer.from(certificate),
    key: Buffer.from(privateKey),
  };
}

/** The first commands of a name meet these fates, one each. */
function fates(name: string, ...list: readonly Fate[]): (command: object) => Fate {
  const left = [...list];
  return (command) => (name in command ? left.shift() : undefined);
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ShareStoreError);
  return error;
}

test('every write asks for a majority and its journal and can be told from its repetition; every read for what a majority has', async () => {
  const double = await member();
  const store = await opened('&w=1&journal=false&readConcernLevel=local&retryWrites=false');
  double.commands.length = 0;

  await store.putIfAbsent(ID, utf8('sealed'));
  await store.get(ID);
  await store.list({ limit: 5 });
  await store.delete(ID);

  const names = double.commands.map((command) => Object.keys(command)[0]);
  expect(names).toEqual(['insert', 'find', 'find', 'delete']);
  const [insert, find, list, removal] = double.commands;
  for (const write of [insert, removal])
    expect(write).toMatchObject({
      $db: 'quorate',
      writeConcern: { w: 'majority', j: true, wtimeout: LIMITS.operationMs },
      maxTimeMS: LIMITS.operationMs,
      lsid: expect.anything(),
      txnNumber: expect.anything(),
    });
  for (const read of [find, list])
    expect(read).toMatchObject({ readConcern: { level: 'majority' }, maxTimeMS: 300 });
  expect(list).toMatchObject({ sort: { _id: 1 }, limit: 6 });
});

test('a primary that steps down in the middle of a write costs nothing: the driver finds the next one', async () => {
  const first = await member();
  const second = await member();
  const store = await opened();
  first.fate = (command) => {
    if (!('insert' in command)) return undefined;
    set.elect(second);
    return NOT_PRIMARY;
  };

  expect(await store.putIfAbsent(ID, utf8('sealed'))).toEqual({ absent: true });

  expect(second.named('insert')).toHaveLength(1);
  expect(await store.get(ID)).toEqual(utf8('sealed'));
});

test('a write whose answer is lost is sent again under the same number, and is done once', async () => {
  const double = await member();
  const store = await opened();
  double.fate = fates('insert', 'done but dropped');
  double.commands.length = 0;

  expect(await store.putIfAbsent(ID, utf8('sealed'))).toEqual({ absent: true });

  const [one, two, ...more] = double.named('insert');
  expect(more).toEqual([]);
  expect(two?.['txnNumber']).toEqual(one?.['txnNumber']);
  expect(two?.['lsid']).toEqual(one?.['lsid']);
});

test('a write whose outcome stays unknown is an outage, and the next one finds the share there', async () => {
  const double = await member();
  const store = await opened();
  double.fate = fates('insert', 'done but dropped', 'dropped');

  expect(await failure(store.putIfAbsent(ID, utf8('sealed')))).toMatchObject({
    kind: 'unavailable',
  });

  const again = await store.putIfAbsent(ID, utf8('sealed anew'));
  expect(again).toEqual({ absent: false, present: utf8('sealed') });
});

test('a write that no majority has in time is an outage, though it was done', async () => {
  const double = await member();
  const store = await opened();
  const late = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting timed out' };
  double.fate = fates('insert', { ok: 1, n: 1, writeConcernError: late });

  expect(await failure(store.putIfAbsent(ID, utf8('sealed')))).toMatchObject({
    kind: 'unavailable',
    message: 'The share store did not commit',
    cause: { message: expect.stringContaining('64') },
  });
});

test('a server that never answers is an outage within the bound, and nothing stays broken after it', async () => {
  const double = await member();
  const store = await opened();
  await store.putIfAbsent(ID, utf8('sealed'));
  double.fate = () => 'silent';
  for (const call of [store.get(ID), store.delete(ID), store.list({ limit: 1 })])
    expect(await failure(call)).toMatchObject({ kind: 'unavailable' });

  double.fate = () => undefined;
  expect(await store.get(ID)).toEqual(utf8('sealed'));
});

test('without a primary everything is an outage, and passes when there is one', async () => {
  const first = await member();
  await member();
  const store = await opened();
  set.elect(undefined);
  first.dropAll();
  expect(await failure(store.get(ID))).toMatchObject({ kind: 'unavailable' });

  set.elect(first);
  expect(await store.putIfAbsent(ID, utf8('sealed'))).toEqual({ absent: true });
});

test('a document of another form is a damaged share, and no other one is concerned', async () => {
  await member();
  const store = await opened();
  await store.putIfAbsent(ID, utf8('sealed'));
  const place = [...set.documents.keys()].find((each) => each.startsWith('shares/')) ?? '';
  const sound = set.documents.get(place) ?? {};
  for (const bad of [
    { record: 'text' },
    { format: 2 },
    { record: undefined },
    { record: new Uint8Array(5) },
  ]) {
    set.documents.set(place, { ...sound, ...bad });
    expect(await failure(store.get(ID))).toMatchObject({ kind: 'damaged' });
  }
  expect(await store.get({ ...ID, keyId: keyId('other') })).toBeUndefined();
});

test('a server that checks documents takes the names of all that a node files', async () => {
  const double = await member();
  const store = await opened();
  const keys = manager(store);
  await keys.keep(sharing());
  await keys.failures.add('version/treasury/1', 1_700_000_000_000);
  await keys.seenModuli.add([
    {
      hash: new Uint8Array(32),
      identityKey: new Uint8Array(32),
      message: Envelope.fromPartial({}),
    },
  ]);
  keys.close();
  const names = double.named('insert').flatMap(({ documents }) => documents as { _id: string }[]);
  const filed = names.map(({ _id }) => _id).filter((name) => name !== 'share-store');
  expect(filed).toHaveLength(3);
  for (const name of [...filed, `_set-${'0'.repeat(32)} ${'aa'.repeat(32)}`])
    expect(name).toMatch(new RegExp(NAME_PATTERN));
  for (const name of [
    '',
    'key',
    'KEY aa',
    'key ',
    'key a b',
    '../key aa',
    `key ${'a'.repeat(129)}`,
  ])
    expect(name).not.toMatch(new RegExp(NAME_PATTERN));
});

test('a share that is longer than a document may be is our own mistake and is not sent', async () => {
  await member();
  const store = await opened();
  await expect(store.putIfAbsent(ID, new Uint8Array(1024 * 1024))).rejects.toThrow('too long');
});

test('where the server asks for a certificate, the client shows its own, checks the server’s, and authenticates itself by X.509', async () => {
  const authority = await createAuthority('test', 30);
  const server = await issued(authority, 'server');
  const client = await issued(authority, 'node-1');
  const tls = { ...server, requestCert: true };
  doubles.push(await MongoDouble.start(set, { ...tls, rejectUnauthorized: true }));
  const asked = { database: 'quorate', uri: uri('&authMechanism=MONGODB-X509') };
  const isNew = { state: 'active' } as const;
  const open = (files: MongoPlace['tls']) =>
    openMongoShareStore(
      { ...asked, ...(files && { tls: files }) },
      { ...OWNER, isNew, limits: { ...LIMITS, selectMs: 150 } },
    );

  const { ca, ...own } = client;
  const store = await open(client);
  if (store !== undefined) stores.push(store);
  expect(await store?.putIfAbsent(ID, utf8('sealed'))).toEqual({ absent: true });
  expect(doubles[0]?.named('authenticate')[0]).toMatchObject({
    mechanism: 'MONGODB-X509',
    $db: '$external',
  });

  const unreachable = { reason: 'SHARE_STORE_UNREACHABLE' };
  await expect(open({ ca })).rejects.toMatchObject(unreachable);
  await expect(open(own)).rejects.toMatchObject(unreachable);
});

test('the store of another identity is not opened', async () => {
  await member();
  const place = { uri: uri(), database: 'quorate' };
  await opened();
  const other = { identityKey: new Uint8Array(32).fill(8), limits: LIMITS };
  await expect(openMongoShareStore(place, other)).rejects.toMatchObject({
    reason: 'SHARE_STORE_FOREIGN',
  });
});

test('key shares of which nothing says whose they are become nobody’s', async () => {
  await member();
  set.documents.set('shares/key aa', { _id: 'key aa' });
  await expect(opened()).rejects.toMatchObject({ reason: 'SHARE_STORE_FOREIGN' });
});

test('a store of a later format is not opened', async () => {
  await member();
  set.documents.set('store/share-store', { _id: 'share-store', format: 2 });
  await expect(opened()).rejects.toMatchObject({ code: 'unsupported', reason: 'STORE_FORMAT' });
});

test('where there is no store, none is opened, unless one is to be made', async () => {
  await member();
  const place = { uri: uri(), database: 'quorate' };
  expect(await openMongoShareStore(place, { ...OWNER, limits: LIMITS })).toBeUndefined();
  expect(set.documents.size).toBe(0);
});

test('two processes that make a store at once agree on one', async () => {
  await member();
  const [one, two] = await Promise.all([opened(), opened()]);
  expect(one?.storeId).toBe(two?.storeId);
});

test('a server that cannot be reached at the start is told as such, after a bound', async () => {
  const place = { uri: 'mongodb://127.0.0.1:1/', database: 'quorate' };
  const limits = { ...LIMITS, selectMs: 100 };
  await expect(openMongoShareStore(place, { ...OWNER, limits })).rejects.toMatchObject({
    code: 'wrong-state',
    reason: 'SHARE_STORE_UNREACHABLE',
    message: expect.stringContaining('127.0.0.1:1'),
  });
});

test.each([
  ['mongodb://user:S3cret!word@[::1', 'S3cret!word'],
  ['mongodb://user:S3cret%21word@host:port/', 'S3cret'],
  ['mongodb://us/er:S3cret@host/', 'S3cret'],
  ['http://user:S3cret@host/', 'S3cret'],
  ['mongodb://user:S3cret@host/?tlsInsecure=true', 'S3cret'],
  ['mongodb://user:S3cret@host/?nonsense=1&tls=maybe', 'S3cret'],
])('a bad connection string is refused without its password: %s', async (bad, secret) => {
  const error: unknown = await openMongoShareStore(
    { uri: bad, database: 'quorate' },
    { ...OWNER, limits: LIMITS },
  ).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'invalid-request', reason: 'INVALID_CONFIGURATION' });
  expect(JSON.stringify(error) + wordsOf(error) + String((error as Error).stack)).not.toContain(
    secret,
  );
});

test('a server that refuses the password is told at once, and without the password', async () => {
  const double = await member();
  double.fate = (command) =>
    'saslStart' in command
      ? {
          ok: 0,
          code: 18,
          codeName: 'AuthenticationFailed',
          errmsg: 'bad S3cret!word S3cret%21word',
        }
      : undefined;
  const place = {
    uri: uri().replace('mongodb://', 'mongodb://user:S3cret%21word@'),
    database: 'quorate',
  };
  const error: unknown = await openMongoShareStore(place, { ...OWNER, limits: LIMITS }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ reason: 'SHARE_STORE_UNREACHABLE' });
  expect(wordsOf(error)).toContain('18');
  expect(wordsOf(error)).not.toContain('S3cret');
  expect(double.named('saslStart')).toHaveLength(1);
});
