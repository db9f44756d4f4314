import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientFile } from '../../../src/cli/client-file.js';
import { lockDataDirectory } from '../../../src/machine/index.js';
import { Fixture, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';

type Finding = { what: string; state: string; words: string; advice?: string };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-doctor-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function findingsOf(argv: readonly string[]) {
  const { status, out } = await quorate(['doctor', '--json', ...argv], { folder });
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  expect(status).toBe(ok ? 0 : 1);
  expect(ok).toBe(findings.every(({ state }) => state !== 'wrong'));
  const wrong = findings.filter(({ state }) => state === 'wrong' || state === 'warning');
  // A fault without a way out of it is half a sentence.
  for (const { advice } of wrong) expect(advice).toMatch(/\w{3}/);
  return { findings, wrong: wrong.map(({ what }) => what), out };
}

/** A file of node a. */
function place(...names: string[]): string {
  return join(folder, 'made', 'a', ...names);
}

function clientFile(name: string): string {
  return join(folder, name);
}

const doctorOfClient = () => findingsOf(['--client-file', 'client.json']);

/** Of all files of the node but what lmdb keeps about readers, and the times at which they were changed. */
function fingerprint(): string[] {
  return readdirSync(place(), { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(place(name)).isFile() && !name.endsWith('lock.mdb'))
    .map((name) => {
      const hash = createHash('sha256')
        .update(readFileSync(place(name)))
        .digest('hex');
      return `${name} ${statSync(place(name)).mtimeMs} ${hash}`;
    });
}

function dataDir(): string {
  const [found = ''] = readdirSync(place(), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('identity.key'))
    .map((name) => place(name, '..'));
  return found;
}

const doctor = () => findingsOf(['--config', place('node.yaml')]);

describe('of a node', () => {
  beforeAll(async () => {
    const made = await quorate(['certs', 'init', '--out', 'made', '--nodes', 'a,b,c'], { folder });
    if (made.status !== 0) throw new Error(made.err);
  });

  const peers = ['peer b', 'peer c'];

  test('a node that is stopped and whole has nothing wrong but peers that are away, and is left as it was', async () => {
    const before = fingerprint();

    const { findings, wrong } = await doctor();

    expect(wrong).toEqual(peers);
    expect(fingerprint()).toEqual(before);
    expect(findings.filter(({ what }) => what === 'store')).toEqual([
      { what: 'store', state: 'right', words: expect.stringMatching(/opens, \d+ records/) },
      { what: 'store', state: 'right', words: expect.stringMatching(/opens, \d+ records/) },
    ]);
    expect(findings.find(({ what }) => what === 'peer b')?.words).toMatch(/refuses the connection/);
  });

  test('the stores of a node that runs are left alone', async () => {
    const lock = await lockDataDirectory(dataDir());
    try {
      const { findings } = await doctor();
      expect(findings.filter(({ what }) => what === 'store')).toEqual([
        { what: 'store', state: 'not looked at', words: expect.stringMatching(/a node runs/) },
      ]);
    } finally {
      await lock.release();
    }
  });

  test('modes, a damaged store and another identity’s are told, each with what to do, and no secret', async () => {
    const secret = readFileSync(place('node.key'), 'utf8').trim();
    const log = join(dataDir(), 'log', 'data.mdb');
    const before = readFileSync(log);
    chmodSync(dataDir(), 0o750);
    chmodSync(place('node.key'), 0o644);
    writeFileSync(
      log,
      'no store at all, and long enough to be read as the head of one'.repeat(200),
    );
    try {
      const { wrong, out } = await doctor();
      expect(wrong).toEqual(['node_key', 'file modes', 'store', ...peers]);
      expect(out).not.toContain(secret);
    } finally {
      chmodSync(dataDir(), 0o700);
      chmodSync(place('node.key'), 0o600);
      writeFileSync(log, before);
    }
    const own = join(dataDir(), 'log', 'data.mdb');
    writeFileSync(own, readFileSync(own.replace(join('made', 'a'), join('made', 'b'))));
    const { findings } = await doctor();
    writeFileSync(own, before);
    expect(
      findings.find(({ what, state }) => what === 'store' && state === 'wrong')?.words,
    ).toMatch(/belongs to the identity/);
  });

  test('a configuration that cannot be read is the one finding', async () => {
    const { wrong, findings } = await findingsOf(['--config', 'nowhere.yaml']);
    expect(wrong).toEqual(['config']);
    expect(findings).toHaveLength(1);
  });

  test('a person gets a line for each finding, and what to do below it', async () => {
    const { status, out } = await quorate(['doctor', '--config', place('node.yaml')], { folder });
    expect(out).toMatch(/^right +cluster_file +\S+cluster\.json/m);
    expect(out).toMatch(/^wrong +peer b .*\n +-> is b running, /m);
    expect(status).toBe(1);
  });
});

describe('of a client', () => {
  let fixture: Fixture;
  let endpoints: string[] = [];
  beforeAll(async () => {
    fixture = await Fixture.open();
    endpoints = [fixture.address];
    const { ca, cert, key } = await tlsFor(fixture.authorities, 'operator', 'alice');
    const genesis = fixture.genesis.bytes;
    for (const [name, text] of Object.entries({ ca, cert, key, genesis }))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    write();
  });
  afterAll(() => fixture.close());

  function write(): void {
    writeClientFile(clientFile('client.json'), {
      endpoints,
      ca: clientFile('ca'),
      cert: clientFile('cert'),
      key: clientFile('key'),
      clusterFile: clientFile('genesis'),
    });
  }

  test('a set-up that is whole has nothing wrong', async () => {
    const { findings, wrong } = await doctorOfClient();
    // The certificates of tests last a day.
    expect(wrong.filter((what) => what !== 'certificate')).toEqual([]);
    const whats = ['settings', 'file modes', 'cluster file', 'certificate', 'clock'];
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining([...whats, `endpoint ${fixture.address}`]),
    );
  });

  test('an endpoint where nothing listens is told beside those that answer', async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port } = closed.address() as { port: number };
    await new Promise((done) => closed.close(done));
    endpoints = [fixture.address, `127.0.0.1:${port}`];
    write();
    const { wrong, findings } = await doctorOfClient();
    endpoints = [fixture.address];
    write();

    expect(wrong).toContain(`endpoint 127.0.0.1:${port}`);
    expect(findings.find(({ what }) => what === `endpoint ${fixture.address}`)?.state).toBe(
      'right',
    );
  });

  test('a node whose clock is away from this machine’s is told', async () => {
    const { state } = fixture.backend;
    const { now } = Date;
    const awayMs = 60_000;
    let isNode = false;
    // Client and node are one process here: the node is the one that is asked for its status first.
    fixture.backend.status = () => {
      isNode = true;
      return state;
    };
    Date.now = () => {
      const ms = now() + (isNode ? awayMs : 0);
      isNode = false;
      return ms;
    };
    try {
      const { wrong } = await doctorOfClient();
      expect(wrong).toContain('clock');
    } finally {
      Date.now = now;
    }
  });

  test('a key that others may read, and another cluster’s file, are wrong before anything is dialled', async () => {
    chmodSync(join(folder, 'key'), 0o644);
    expect((await doctorOfClient()).wrong).toContain('file modes');
    chmodSync(join(folder, 'key'), 0o600);

    const other = genesisFor(fixture.authorities, { unsigned: false });
    writeFileSync(join(folder, 'genesis'), other.bytes);
    const { findings } = await doctorOfClient();
    writeFileSync(join(folder, 'genesis'), fixture.genesis.bytes);
    const words = findings.find(({ what }) => what === `endpoint ${fixture.address}`)?.words;
    expect(words).toMatch(/is of cluster [0-9a-f]{32}, not/);
    const foreign = await tlsFor(fixture.authorities, 'operator', 'x', fixture.authorities.foreign);
    const before = readFileSync(join(folder, 'cert'));
    const key = readFileSync(join(folder, 'key'));
    writeFileSync(join(folder, 'cert'), foreign.cert);
    writeFileSync(join(folder, 'key'), foreign.key);
    const { wrong, findings: told } = await doctorOfClient();
    writeFileSync(join(folder, 'cert'), before);
    writeFileSync(join(folder, 'key'), key);
    expect(wrong).toEqual(['certificate']);
    expect(told.at(-1)?.state).toBe('not looked at');
  });

  test('a client without settings is told how to name a cluster', async () => {
    const { status, out } = await quorate(['doctor', '--json'], { folder: '/' });
    expect([status, JSON.parse(out)]).toMatchObject([1, { findings: [{ what: 'settings' }] }]);
  });
});
