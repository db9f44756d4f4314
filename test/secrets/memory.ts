import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * Runs the scenario in a process that keeps every Uint8Array it ever makes, with the place that made it; when all nodes have
 * stopped, looks into each for what was secret, and prints one JSON object. What OpenSSL and Node's own Buffers copy, and
 * numbers, are beyond it.
 */

type Made = { readonly buffer: ArrayBufferLike; readonly where: Error };

/** Shorter ones hold no secret. */
const BYTES_MIN = 16;
const FRAMES = 12;

// An array that is a view of a small Buffer shares its memory with all small Buffers of the process, those of the search and
// of the recorder included, which hold every secret. Without the pool each Buffer has memory of its own.
Buffer.poolSize = 0;

const made: Made[] = [];
const Original = Uint8Array;
const Watched = new Proxy(Original, {
  construct(target, parameters: unknown[], newTarget) {
    const array: unknown = Reflect.construct(
      target,
      parameters,
      newTarget === Watched ? target : newTarget,
    );
    if (array instanceof Original && array.byteLength >= BYTES_MIN)
      made.push({ buffer: array.buffer, where: new Error('made') });
    return array as object;
  },
});
Error.stackTraceLimit = FRAMES;
globalThis.Uint8Array = Watched;
// What is given to arithmetic is moved, and arrives as arrays that no constructor made.
const clone = globalThis.structuredClone;
globalThis.structuredClone = (value, options) => {
  const copy: unknown = clone(value, options);
  watch(copy);
  return copy as typeof value;
};
// So that slices of an array are watched too.
Object.defineProperty(Original.prototype, 'constructor', { value: Watched });

const { Recorder } = await import('./recorder.js');
const { runScenario } = await import('./scenario.js');
const { Search } = await import('./search.js');

const folder = mkdtempSync(join(tmpdir(), 'quorate-memory-'));
try {
  const recorder = new Recorder();
  // Arithmetic on this thread: the arrays of another one cannot be seen from here.
  await runScenario(join(folder, 'cluster'), recorder, { workers: '0' });
  const secrets = recorder.all().filter(({ kind }) => kind !== 'certificate key');
  const search = new Search(secrets, 'raw');
  const buffers = new Map(made.map(({ buffer, where }) => [buffer, where]));
  const left = new Map<string, number>();
  for (const [buffer, where] of buffers) {
    for (const { kind } of search.in(contentOf(buffer))) {
      const name = `${kind} in ${placeOf(where)}`;
      left.set(name, (left.get(name) ?? 0) + 1);
    }
  }
  const report = {
    secrets: secrets.length,
    arrays: buffers.size,
    left: Object.fromEntries([...left].sort(([, a], [, b]) => b - a)),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** Watches every array in what was copied or moved from elsewhere. */
function watch(value: unknown): void {
  if (value instanceof Original) {
    if (value.byteLength >= BYTES_MIN)
      made.push({ buffer: value.buffer, where: new Error('moved') });
  } else if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(watch);
  }
}

/** Nothing, where the array was given away: whoever has it now is watched in its place. */
function contentOf(buffer: ArrayBufferLike): Buffer {
  return buffer.byteLength === 0 ? Buffer.alloc(0) : Buffer.from(buffer as ArrayBuffer);
}

/** The functions of ours on the way to where an array was made. */
function placeOf({ stack = '' }: Error): string {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((frame) =>
      /at (?:async )?(?:new )?(\S+) \(.*\/(?:src|node_modules)\/(.*?):\d+:\d+\)/.exec(frame),
    )
    .filter((match) => match !== null)
    .map(([, name, file]) => `${file}:${name}`);
  return frames.slice(0, 4).join(' < ');
}
