import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atServer } from '../support/mongo/databases.js';
import { findMongoServer, MongoServer } from '../support/mongo/server.js';
import { eventually, quorate, QuorateProcess } from './cli-process.js';

/** The development cluster with its key shares in MongoDB, as people start it; the server goes away, and the shares move. */
jest.setTimeout(600_000);

const program = findMongoServer();
const NODES = ['node-1', 'node-2', 'node-3'];
const CLIENT = ['--client-file', 'dev/operator/client.json'];
const PASSWORD = 'S3cret-word';

let folder = '';
let server: MongoServer;
let dev: QuorateProcess;

async function startDev(...flags: string[]): Promise<void> {
  dev = new QuorateProcess(folder, ['dev', '--data', 'dev', '--json', ...flags]);
  await dev.printed('out', /.*\n/);
}

async function stopDev(): Promise<void> {
  dev.child.kill('SIGINT');
  await dev.finished;
}

const run = (...argv: string[]) => quorate(folder, [...argv, ...CLIENT]);
const fileOf = (node: string, name: string) => join(folder, 'dev', node, name);
const logOf = (node: string) => readFileSync(fileOf(node, 'node.log'), 'utf8');

/** The names of collections in each node's database, and how many shares are there. */
function databases(): Promise<[string, string[], number][]> {
  return atServer(server.uri, async (client) => {
    const { databases: all } = await client.db('admin').admin().listDatabases();
    const names = all.map(({ name }) => name).filter((name) => name.startsWith('quorate-dev-'));
    return Promise.all(
      names.sort().map(async (name): Promise<[string, string[], number]> => {
        const database = client.db(name);
        const collections = await database.listCollections({}, { nameOnly: true }).toArray();
        const shares = await database.collection('shares').countDocuments();
        return [name.slice(-6), collections.map((each) => each.name).sort(), shares];
      }),
    );
  });
}

/** A node's database, as its file names it. */
function databaseOf(node: string): string {
  return /database: (\S+)/.exec(readFileSync(fileOf(node, 'node.yaml'), 'utf8'))?.[1] ?? '';
}

(program === undefined ? describe.skip : describe)('key shares in MongoDB', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quorate-mongo-'));
    server = await MongoServer.start(program ?? '', join(folder, 'mongodb'));
    await startDev('--mongo', server.uri);
  });
  afterAll(async () => {
    await stopDev();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test('a development cluster keeps its key shares, and nothing else, in one database per node', async () => {
    const { status } = await run('keys', 'generate', 'first');
    expect(status).toBe(0);
    expect(await databases()).toEqual(NODES.map((node) => [node, ['shares', 'store'], 1]));
  });

  test('while the server is gone, open keys sign and nodes stay up; a key that waits for it is made when it is back', async () => {
    await run('sign', 'first', '--message', 'before');
    await server.kill();

    expect(await run('sign', 'first', '--message', 'meanwhile')).toMatchObject({ status: 0 });
    const waiting = run('keys', 'generate', 'second', '--timeout', '2m');
    await eventually(() => NODES.some((node) => /share store/i.test(logOf(node))));
    expect(await run('cluster', 'health')).toMatchObject({ status: 0 });
    await server.restart();

    expect(await waiting).toMatchObject({ status: 0 });
    expect(await run('sign', 'second', '--message', 'after')).toMatchObject({ status: 0 });
  });

  test('a node does not start when its server is gone, nor with another store than the one that has its shares', async () => {
    await stopDev();
    const start = async (...flags: string[]) => {
      const { status, err } = await quorate(folder, [
        'node',
        '-c',
        fileOf('node-1', 'node.yaml'),
        ...flags,
      ]);
      const [last = ''] = err.split('\n').slice(-1);
      return [status, (JSON.parse(last) as { reason?: string }).reason];
    };
    expect(await start('--store-kind', 'embedded')).toEqual([1, 'SHARES_ELSEWHERE']);
    expect(await start('--store-database', 'another')).toEqual([1, 'SHARES_LOST']);
    expect(await start('--store-database', databaseOf('node-2'))).toEqual([
      1,
      'SHARE_STORE_FOREIGN',
    ]);

    const gone = join(folder, 'gone.uri');
    writeFileSync(gone, `mongodb://user:${PASSWORD}@127.0.0.1:1/?serverSelectionTimeoutMS=1\n`);
    expect(await start('--store-uri-file', gone)).toEqual([2, 'KEY_FILE_EXPOSED']);
    for (const node of NODES) expect(logOf(node)).not.toContain(PASSWORD);
  });

  test('quorate store migrate moves a node’s shares into its folder and back, and its keys sign as before', async () => {
    const file = fileOf('node-1', 'node.yaml');
    const migrate = async (from: string, to: string) => {
      writeFileSync(file, readFileSync(file, 'utf8').replace(`kind: ${from}`, `kind: ${to}`));
      const moved = await quorate(folder, ['store', 'migrate', '-c', file, '--json']);
      expect(moved.status).toBe(0);
      return JSON.parse(moved.out) as object;
    };
    const whole = { shares: 2, copied: 2, deleted: 2 };
    expect(await migrate('mongodb', 'embedded')).toMatchObject(whole);
    expect((await databases()).map(([, , shares]) => shares)).toEqual([0, 2, 2]);
    await startDev();
    expect(await run('sign', 'first', '--message', 'moved')).toMatchObject({ status: 0 });
    expect(await quorate(folder, ['store', 'migrate', '-c', file])).toMatchObject({
      status: 1,
      err: expect.stringContaining('Another process uses the data directory'),
    });
    await stopDev();
    expect(await migrate('embedded', 'mongodb')).toMatchObject(whole);
    expect((await databases()).map(([, , shares]) => shares)).toEqual([2, 2, 2]);
    expect(logOf('node-1')).not.toContain('no key share');
  });
});
