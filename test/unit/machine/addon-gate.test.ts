import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AddonGate } from '../../../src/machine/backends/addon-gate.js';

const GATE = new URL('../../../src/machine/backends/addon-gate.js', import.meta.url).href;

/** A thread that says 1 inside its first call of an "addon", leaves it when told by 2, and counts its calls. */
function thread(gate: AddonGate): { worker: Worker; words: Int32Array } {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const program = `
    import { workerData } from 'node:worker_threads';
    const { insideAddon, useAddonGate } = await import(workerData.module);
    useAddonGate(workerData.gate);
    insideAddon(() => {
      Atomics.store(workerData.words, 0, 1);
      Atomics.notify(workerData.words, 0);
      Atomics.wait(workerData.words, 0, 1);
    });
    for (;;) insideAddon(() => Atomics.add(workerData.words, 1, 1));`;
  const workerData = { module: GATE, gate: gate.memory, words };
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  return { worker: new Worker(url, { workerData }), words };
}

async function says(words: Int32Array, value: number): Promise<void> {
  while (Atomics.load(words, 0) !== value) await new Promise((resolve) => setImmediate(resolve));
}

test('a gate is shut when the call that is under way is over, and no call begins afterwards', async () => {
  const gate = new AddonGate();
  const { worker, words } = thread(gate);
  await says(words, 1);
  let isShut = false;
  const shutting = gate.shut().then(() => (isShut = true));
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isShut).toBe(false);

  Atomics.store(words, 0, 2);
  Atomics.notify(words, 0);
  await shutting;
  expect(Atomics.load(words, 1)).toBe(0);
  await worker.terminate();
  expect(Atomics.load(words, 1)).toBe(0);
});

test('a call gives its result, and its error, and the gate can be shut after both', async () => {
  const gate = new AddonGate();
  expect(gate.pass(() => 7)).toBe(7);
  expect(() =>
    gate.pass(() => {
      throw new Error('no point');
    }),
  ).toThrow('no point');
  await gate.shut();
});

/** A worker that answers, and then calls the addon for ever. */
const WORKER = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { backends } = workerData;
  const { useAddonGate } = await import(backends.source + 'machine/backends/addon-gate.js');
  useAddonGate(workerData.gate);
  const path = backends.source + 'machine/backends/secp256k1-packages.js';
  const { loadSecp256k1Addon } = await import(path);
  const library = loadSecp256k1Addon();
  const point = library.multiplyBase(new Uint8Array(32).fill(1));
  parentPort.on('message', ({ id }) => {
    parentPort.postMessage({ id, output: 'computes', ms: 1 });
    for (;;) library.add(point, point);
  });`;

/** Ends such workers one after the other; the last one by the exit of the process. */
const PROGRAM = `
  import { setTimeout as after } from 'node:timers/promises';
  const [source] = process.argv.slice(2);
  const { WorkerPool } = await import(source + 'machine/compute/pool.js');
  const logger = { debug() {}, info() {}, warn() {}, error() {}, alarm() {} };
  const program = new URL('./worker.mjs', import.meta.url);
  const ROUNDS = 24;
  for (let round = 1; round <= ROUNDS; round++) {
    const pool = new WorkerPool({ workers: 1, backends: { source }, logger, program });
    await pool.run({ name: 'any', lane: 'signing' }, undefined);
    await after(round % 3);
    if (round === ROUNDS) process.exit(7);
    await pool.close();
  }`;

test('a process lives on though its workers are ended while they compute with an addon', async () => {
  const source = new URL('../../../src/', import.meta.url).href;
  const folder = mkdtempSync(join(tmpdir(), 'quorate-gate-'));
  const program = join(folder, 'program.mjs');
  writeFileSync(program, PROGRAM);
  writeFileSync(join(folder, 'worker.mjs'), WORKER);
  const child = spawn(process.execPath, [program, source], { stdio: 'inherit' });
  const [code, signal]: unknown[] = await once(child, 'exit');
  rmSync(folder, { recursive: true });
  expect({ code, signal }).toEqual({ code: 7, signal: null });
});
