/**
 * Sums up what `node --cpu-prof` wrote, by kind of work: `node dist/bench/profile.js <file.cpuprofile …>`. A sample counts for
 * the innermost call that a kind claims, so that hashing done for a session id is hashing. Idle time is left out.
 */
import { readFileSync } from 'node:fs';

type Frame = { readonly functionName: string; readonly url: string };
type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: Frame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** The first that claims a call has it; the innermost call that anybody claims decides. */
const KINDS: readonly (readonly [kind: string, claims: (frame: Frame) => boolean])[] = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['the system: sockets, TLS, threads', ({ functionName }) => functionName === '(program)'],
  ['curve arithmetic', ({ url }) => url.includes('@noble/')],
  ['signatures by OpenSSL', ({ url }) => /crypto\/(sig|keys)$/.test(url)],
  ['hashes and seals', ({ url }) => /crypto\/(hash|cipher|hkdf)$/.test(url)],
  ['storage', ({ url }) => url.includes('/lmdb/') || url.includes('/src/store/')],
  ['protobuf', ({ url }) => url.includes('@bufbuild') || url.includes('/src/wire/')],
  ['loading modules', ({ url }) => /modules\/|internal\/bootstrap|cjs-module-lexer/.test(url)],
  [
    'gRPC, HTTP/2, streams',
    ({ url }) => /@grpc|http2|internal\/streams|node:net|stream_base/.test(url),
  ],
  ['messages to threads', ({ url }) => /internal\/worker|per_context\/messageport/.test(url)],
  ['logging', ({ url }) => /\/(pino|sonic-boom|thread-stream)\//.test(url)],
  ['curve arithmetic', ({ url }) => /\/src\/(crypto|frost)\//.test(url)],
  ['consensus', ({ url }) => url.includes('/src/raft/')],
  ['the state', ({ url }) => url.includes('/src/state/') || url.includes('/src/identity/')],
  ['tasks', ({ url }) => /\/src\/(tasks|keys|mpc|blame)\//.test(url)],
  ['calls and peers', ({ url }) => /\/src\/(rpc|node|machine|pki|cli|client)\//.test(url)],
];

function summed(profile: Profile): Map<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const kindOf = (id: number | undefined): string => {
    const node = id === undefined ? undefined : nodes.get(id);
    if (node === undefined) return 'anything else';
    const kind = KINDS.find(([, claims]) => claims(node.callFrame));
    return kind?.[0] ?? kindOf(parents.get(node.id));
  };
  const sums = new Map<string, number>();
  for (const [at, id] of profile.samples.entries()) {
    const kind = kindOf(id);
    sums.set(kind, (sums.get(kind) ?? 0) + (profile.timeDeltas[at] ?? 0) / 1000);
  }
  sums.delete('idle');
  return sums;
}

for (const file of process.argv.slice(2)) {
  const sums = summed(JSON.parse(readFileSync(file, 'utf8')) as Profile);
  const total = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  process.stdout.write(`\n${file}: ${total.toFixed(0)} ms busy\n`);
  for (const [kind, ms] of [...sums].sort(([, a], [, b]) => b - a)) {
    process.stdout.write(
      `${((100 * ms) / total).toFixed(1).padStart(6)} %  ${ms.toFixed(0).padStart(7)} ms  ${kind}\n`,
    );
  }
}
