import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, resolve } from 'node:path';

/** The floors of `docs/architecture.md`: a file imports from its own room and from rooms on lower floors. */
const FLOOR: Readonly<Record<string, number>> = {
  common: 0,
  ports: 1,
  wire: 1,
  crypto: 2,
  alarms: 2,
  raft: 3,
  mpc: 3,
  identity: 3,
  monitor: 3,
  state: 4,
  sharing: 4,
  audit: 5,
  frost: 5,
  gg20: 5,
  algorithms: 6,
  keys: 7,
  blame: 7,
  tasks: 8,
  api: 9,
  rpc: 10,
  store: 10,
  machine: 10,
  pki: 11,
  client: 11,
  node: 12,
  cli: 13,
  'version.ts': 10,
  'main.ts': 14,
};

/** The floor of the adapters: below it a file reaches for the world through ports alone. */
const ADAPTERS = 10;

/** Pure functions of node:crypto, by name, that rooms below the adapters may use. */
const PURE_CRYPTO =
  /^(create(Hash|Hmac|Cipheriv|Decipheriv|DiffieHellman|PrivateKey|PublicKey)|DiffieHellman|checkPrimeSync|diffieHellman|hkdfSync|scryptSync|timingSafeEqual)$/;
const CRYPTO_ROOMS = new Set(['crypto', 'identity', 'keys']);

type Import = { readonly file: string; readonly from: string; readonly names: readonly string[] };

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith(join('wire', 'gen')))
  .sort();
const sources = new Map(files.map((file) => [file, readFileSync(join('src', file), 'utf8')]));

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function importsOf(file: string): Import[] {
  const statement =
    /(?:^(?:import|export)\s(?:type\s)?(?:([^;'"]*?)\sfrom\s)?|\bimport\()'([^']+)'/gm;
  return [...(sources.get(file) ?? '').matchAll(statement)].map(([, names = '', from = '']) => ({
    file,
    from,
    names: names
      .replace(/[{}]|type /g, '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  }));
}

const imports = files.flatMap(importsOf);

/** All that the repository holds at its top level. */
const TOP =
  `.ci .config .gitignore .npmrc CHANGELOG.md CONTRIBUTING.md LICENSE README.md SECURITY.md
  bench bin certs clients deploy docs package-lock.json package.json proto src test tsconfig.json`.split(
    /\s+/,
  );

test('the repository holds at its top level what is listed here, and no stray file', () => {
  const lines = readFileSync('.gitignore', 'utf8').split('\n');
  const ignored = new Set(['.git', ...lines.map((line) => line.replace(/^\/|\/$/g, ''))]);
  const there = readdirSync('.').filter((name) => !ignored.has(name));
  expect(there.filter((name) => !TOP.includes(name))).toEqual([]);
  expect(TOP.filter((name) => !there.includes(name))).toEqual([]);
});

test('every room has a floor', () => {
  expect([...new Set(files.map(roomOf))].filter((room) => !(room in FLOOR))).toEqual([]);
});

test('imports go down, and into another room only through its index.ts', () => {
  const wrong = imports
    .filter(({ from }) => from.startsWith('.'))
    .flatMap(({ file, from }) => {
      const target = normalize(join(dirname(file), from)).replace(/\.js$/, '.ts');
      const [here, there] = [roomOf(file), roomOf(target)];
      if (here === there) return [];
      const door =
        target === `${there}/index.ts` ||
        (target === 'wire/services.ts' && here === 'rpc') ||
        // A file that is in no room is its own door.
        target === there ||
        (here === 'main.ts' && there === 'cli');
      const down = (FLOOR[there] ?? 99) < (FLOOR[here] ?? -1);
      return door && down ? [] : [`${file} imports ${target}`];
    });
  expect(wrong).toEqual([]);
});

/** Whether a room below the adapters may import this. */
function allowed(room: string, { from, names }: Import): boolean {
  if (from.startsWith('.') || from.startsWith('@noble/')) return true;
  if (from.startsWith('@bufbuild/protobuf')) return room === 'wire';
  if (from === 'lru-cache') return room === 'keys';
  return (
    from === 'node:crypto' &&
    CRYPTO_ROOMS.has(room) &&
    names.every((name) => PURE_CRYPTO.test(name))
  );
}

test('rooms below the adapters import only the packages allowed there', () => {
  const wrong = imports
    .filter(({ file }) => (FLOOR[roomOf(file)] ?? 0) < ADAPTERS || file.startsWith('node/replica'))
    .filter((each) => !allowed(roomOf(each.file), each))
    .map(({ file, from, names }) => `${file} imports ${names.join(', ')} from ${from}`);
  expect(wrong).toEqual([]);
});

test('rooms below the adapters reach clock, timers and process only through ports', () => {
  const world =
    /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.|Buffer\.|console\.|new Date\(\))/;
  const wrong = files
    .filter((file) => (FLOOR[roomOf(file)] ?? 0) < ADAPTERS || file.startsWith('node/replica'))
    .filter((file) => world.test((sources.get(file) ?? '').replace(/\/\*[^]*?\*\/|\/\/.*/g, '')));
  expect(wrong).toEqual([]);
});

test('no source file deals shares or combines a secret, as tests do', () => {
  const banned = /\b(trustedDealer|combineSecret|\bDKG\b)\b/;
  expect(files.filter((file) => banned.test(sources.get(file) ?? ''))).toEqual([]);
});

test('every room has an index.ts with a comment of its contents', () => {
  const rooms = [...new Set(files.map(roomOf))].filter((room) => !room.endsWith('.ts'));
  const doors = rooms.flatMap((room) =>
    files.filter((file) => file === `${room}/index.ts` || /^store\/[a-z]+\/index\.ts$/.test(file)),
  );
  expect(rooms.filter((room) => !files.includes(`${room}/index.ts`))).toEqual([]);
  expect(doors.filter((file) => !sources.get(file)?.startsWith('/**'))).toEqual([]);
  expect(doors.filter((file) => /export \* /.test(sources.get(file) ?? ''))).toEqual([]);
});

test('no files import each other in a cycle, types included', () => {
  const next = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from }) => normalize(join(dirname(file), from)).replace(/\.js$/, '.ts')),
    ]),
  );
  const [way, done] = [new Set<string>(), new Set<string>()];
  const circles: string[] = [];
  const walk = (file: string): void => {
    if (way.has(file)) {
      const names = [...way];
      circles.push([...names.slice(names.indexOf(file)), file].join(' > '));
    }
    if (way.has(file) || done.has(file)) return;
    way.add(file);
    for (const each of next.get(file) ?? []) walk(each);
    way.delete(file);
    done.add(file);
  };
  for (const file of files) walk(file);
  expect(circles).toEqual([]);
});

test('every source file is imported or is an entry point', () => {
  const used = new Set(
    imports
      .filter(({ from }) => from.startsWith('.'))
      .map(({ file, from }) => normalize(join(dirname(file), from)).replace(/\.js$/, '.ts')),
  );
  const entrances = new Set([
    'main.ts',
    'wire/services.ts',
    'machine/compute/worker.ts',
    'store/lmdb/look-process.ts',
  ]);
  expect(
    files.filter((file) => !used.has(file) && !entrances.has(file) && !file.endsWith('index.ts')),
  ).toEqual([]);
});

test('no source file has a mark of unfinished work', () => {
  const marks = new RegExp(['FIX', 'ME|TO', 'DO|X', 'XX'].join('').replaceAll('|', '\\b|\\b'));
  expect(files.filter((file) => marks.test(sources.get(file) ?? ''))).toEqual([]);
});

test('the lock file names the optional packages of all platforms, so that npm ci takes it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-lock-'));
  copyFileSync('package-lock.json', join(folder, 'package-lock.json'));
  const { status } = spawnSync(process.execPath, [resolve('.config/fix-lock.mjs')], {
    cwd: folder,
  });
  const fixed = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  expect(fixed).toBe(readFileSync('package-lock.json', 'utf8'));
});
