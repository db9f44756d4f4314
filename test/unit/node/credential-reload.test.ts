import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { nodeId } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { CredentialReload, REFUSAL_EVERY_MS } from '../../../src/node/credential-reload.js';
import { loadCredentials } from '../../../src/node/credentials.js';
import type { NodeCredentials } from '../../../src/node/credentials.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { authorities, genesisFor, MemoryLogger, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';

const DAY_MS = 86_400_000;
const NODE = nodeId('node-1');
const TAKEN = 'The node shows another certificate from now on';
const REFUSED = 'A changed certificate is refused, and the one in use stays';

let both: Authorities;
let genesis: Genesis;
let first: TlsFiles;
let second: TlsFiles;
let folder: string;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  [first, second] = [await tlsFor(both, 'tee', NODE), await tlsFor(both, 'tee', NODE)];
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-reload-'));
  put(first);
});
const stopping: CredentialReload[] = [];
afterEach(async () => {
  for (const each of stopping.splice(0)) await each.stop();
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
/** As a tool writes it that leaves whole files at any moment. */
function put({ ca, cert, key }: TlsFiles): void {
  for (const [name, text] of Object.entries({ 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key })) {
    writeFileSync(path(`${name}.new`), text, { mode: 0o600 });
    renameSync(path(`${name}.new`), path(name));
  }
}

async function running() {
  const files = { ca: path('ca.pem'), cert: path('cert.pem'), key: path('key.pem') };
  const logger = new MemoryLogger();
  const clock = { nowMs: Date.now(), elapsedMs: 0 };
  const used: NodeCredentials[] = [];
  const timer: { due?: (() => void) | undefined } = {};
  const load = () => loadCredentials(files, genesis, NODE, clock.nowMs);
  const reload = new CredentialReload({
    files: Object.values(files),
    used: await load(),
    load,
    use: (credentials) => void used.push(credentials),
    clock: {
      elapsed: () => clock.elapsedMs,
      after: (_, run) => {
        timer.due = run;
        return { cancel: () => (timer.due = undefined) };
      },
    },
    logger,
  });
  stopping.push(reload);
  /** One look at the files, to its end. */
  const look = async () => {
    const { due } = timer;
    timer.due = undefined;
    due?.();
    while (timer.due === undefined) await turn();
  };
  const lines = () => logger.lines.map(({ message }) => message);
  return { reload, clock, used, look, lines, logger };
}

test('a new pair is used when two looks have seen the same, and a pair in use is not used again', async () => {
  const { used, look, lines } = await running();
  await look();
  await look();
  expect(used).toEqual([]);
  put(second);
  await look();
  expect(used).toEqual([]);
  await look();
  expect(used.map(({ peers, clients }) => [peers.cert, clients.key])).toEqual([
    [second.cert, second.key],
  ]);
  await look();
  await look();
  expect(used.length).toBe(1);
  expect(lines()).toEqual([TAKEN]);
});

test('a pair that is there when the node is told to look is used at once', async () => {
  const { reload, used } = await running();
  put(second);
  await reload.reload();
  expect(used.map(({ peers }) => peers.cert)).toEqual([second.cert]);
});

test.each<[string, string, RegExp, () => Promise<void>]>([
  [
    'a key of another certificate',
    'INVALID_CREDENTIALS',
    /key\.pem: is not the key of .*cert\.pem/,
    async () => put({ ...second, key: first.key }),
  ],
  [
    "another node's",
    'INVALID_CREDENTIALS',
    /names spiffe:\/\/quorate\/tee\/node-2, not spiffe:\/\/quorate\/tee\/node-1/,
    async () => put(await tlsFor(both, 'tee', 'node-2')),
  ],
  [
    "a requester's",
    'INVALID_CREDENTIALS',
    /names spiffe:\/\/quorate\/operator\/node-1/,
    async () => put(await tlsFor(both, 'operator', NODE)),
  ],
  [
    'one of another authority',
    'INVALID_CREDENTIALS',
    /does not hold the authority/,
    async () => put(await tlsFor(both, 'tee', NODE, both.foreign)),
  ],
  [
    'one of an authority that the genesis does not name',
    'INVALID_CREDENTIALS',
    /an authority that the genesis does not name/,
    async () => {
      const foreign = await tlsFor(both, 'tee', NODE, both.foreign);
      put({ ...foreign, ca: both.foreign.certificate });
    },
  ],
  [
    'a key that others may read',
    'KEY_FILE_EXPOSED',
    /others than its owner may read/,
    async () => {
      put(second);
      chmodSync(path('key.pem'), 0o644);
    },
  ],
  [
    'a file that is cut off',
    'INVALID_CREDENTIALS',
    /without an end/,
    async () => put({ ...second, cert: second.cert.slice(0, 200) }),
  ],
  [
    'no file',
    'INVALID_CREDENTIALS',
    /cert\.pem: cannot be read/,
    async () => rmSync(path('cert.pem')),
  ],
])('%s is refused with %s, and a good pair is taken later', async (_, reason, words, spoil) => {
  const { reload, used, look, logger, lines } = await running();
  await spoil();
  await look();
  await look();
  await look();
  expect(used).toEqual([]);
  expect(lines()).toEqual([REFUSED]);
  const [line] = logger.lines;
  expect(line).toMatchObject({ level: 'warn', fields: { reason } });
  expect(line?.fields).toMatchObject({ error: expect.stringMatching(words) });
  // Nothing of a key stands in the log.
  expect(JSON.stringify(logger.lines)).not.toContain('PRIVATE KEY');
  put(second);
  await reload.reload();
  expect(used.map(({ peers }) => peers.cert)).toEqual([second.cert]);
});

test('a pair that has ended is refused, told once an hour, and one that has not begun is used when it has', async () => {
  const { clock, used, look, lines } = await running();
  put(second);
  clock.nowMs += 3 * DAY_MS;
  await look();
  await look();
  await look();
  expect(lines()).toEqual([REFUSED]);
  clock.elapsedMs += REFUSAL_EVERY_MS;
  await look();
  expect(lines()).toEqual([REFUSED, REFUSED]);
  expect(used).toEqual([]);
  // As for a certificate whose time comes, the files stay as they are.
  clock.nowMs -= 3 * DAY_MS;
  await look();
  expect(used.length).toBe(1);
});
