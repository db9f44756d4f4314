import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Alarms } from '../src/alarms/index.js';
import { BOOT_BYTES, bootId, nodeId, utf8 } from '../src/common/index.js';
import type { NodeId } from '../src/common/index.js';
import { BUILD_LEVEL } from '../src/identity/index.js';
import { systemClock, systemRandom } from '../src/machine/index.js';
import { WaitingNetwork } from '../src/node/waiting-network.js';
import type { ConsensusStore, Entry, Logger, Write } from '../src/ports/index.js';
import { createRaft, RaftDriver } from '../src/raft/index.js';
import type { Machine } from '../src/raft/index.js';
import { openLmdbConsensusStore } from '../src/store/index.js';

const USAGE = `usage: npm run bench:log -- [options]

  --signatures N  entries for so many signatures, two for each (default 100000)
  --bytes B       of each entry (default 1500: both together are what one signature logs)
  --marks M       measure so often (default 10)
  --json          one line of JSON on standard output

Three voters in one process, with their logs in lmdb: memory and disk while the log grows, and how long a start takes.
`;

const { values } = parseArgs({
  options: {
    signatures: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '1500' },
    marks: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Entries that wait to be applied at a time. */
const IN_FLIGHT = 64;
/** The state has so many keys of 200 bytes, written in turn: it does not grow. */
const STATE_KEYS = 1_000;
const VOTERS = ['node-1', 'node-2', 'node-3'].map(nodeId);
const GENESIS = { payload: utf8('genesis of a log that is measured'), timeMs: Date.now() };
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alarm: (text) => console.error(text),
};

/** A state of a fixed size, of which every entry writes one key. */
class Turntable implements Machine {
  readonly agreed = { level: BUILD_LEVEL, correctionMs: 0 };
  applied = 0;
  #pending: Write[] = [];

  apply(entry: Entry): void {
    this.applied = entry.index;
    this.#pending.push([utf8(`key ${entry.index % STATE_KEYS}`), new Uint8Array(200)]);
  }

  pendingWrites(): readonly Write[] {
    return [...this.#pending];
  }

  flushed(writes: readonly Write[]): void {
    this.#pending = this.#pending.slice(writes.length);
  }

  batchDone(): void {
    // Nothing waits for the end of a batch.
  }
}

type Voter = { readonly driver: RaftDriver; readonly machine: Turntable; readonly path: string };

function startVoter(
  id: NodeId,
  path: string,
  store: ConsensusStore,
  all: Map<NodeId, Voter>,
  loaded: Awaited<ReturnType<ConsensusStore['load']>>,
): Voter {
  const machine = new Turntable();
  const boot = bootId('ab'.repeat(BOOT_BYTES));
  const config = { id, boot, voters: VOTERS, genesis: GENESIS, random: systemRandom };
  const driver = new RaftDriver({
    raft: createRaft(config, loaded, systemClock.now()),
    store,
    network: new WaitingNetwork(
      {
        send: (to, _channel, bytes) => {
          setImmediate(() => all.get(to)?.driver.receive(id, bytes));
        },
      },
      systemClock,
    ),
    clock: systemClock,
    machine,
    applied: loaded.applied,
    logger: SILENT,
    alarms: new Alarms(systemClock, SILENT),
    onFatal: (error) => {
      throw error;
    },
  });
  return { driver, machine, path };
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

async function main(): Promise<void> {
  const [signatures, bytes, marks] = [values.signatures, values.bytes, values.marks].map(Number);
  if (!signatures || !bytes || !marks) throw new Error('the options are numbers above 0');
  const folder = mkdtempSync(join(tmpdir(), 'quorate-log-'));
  try {
    const voters = new Map<NodeId, Voter>();
    const stores: ConsensusStore[] = [];
    for (const id of VOTERS) {
      const path = join(folder, id);
      const store = await openLmdbConsensusStore(path);
      stores.push(store);
      voters.set(id, startVoter(id, path, store, voters, await store.load()));
    }
    for (const { driver } of voters.values()) driver.start();
    const rows: Row[] = [];
    const payload = new Uint8Array(bytes);
    for (let mark = 1; mark <= marks; mark++) {
      await grow([...voters.values()], Math.round((2 * signatures * mark) / marks), payload);
      rows.push(measure([...voters.values()], Math.round((signatures * mark) / marks)));
      console.error(JSON.stringify(rows.at(-1)));
    }
    for (const { driver } of voters.values()) await driver.stop();
    for (const store of stores) await store.close();
    const startMs = await timeOfStart(join(folder, VOTERS[0] ?? ''));
    const result = { signatures, bytes, startMs, rows };
    if (values.json) console.log(JSON.stringify(result));
    else console.table(rows);
    if (!values.json) console.log(`a start takes ${startMs} ms`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Entries until every voter has applied `count` of them. */
async function grow(voters: readonly Voter[], count: number, payload: Uint8Array): Promise<void> {
  for (;;) {
    const applied = Math.min(...voters.map(({ machine }) => machine.applied));
    if (applied >= count) return;
    const leader = voters.find(({ driver }) => driver.status().role === 'leader');
    const proposed = Math.max(last, applied);
    if (leader !== undefined && proposed < Math.min(count, applied + IN_FLIGHT)) {
      const entry = leader.driver.propose(payload);
      if (typeof entry !== 'string') last = entry.index;
      continue;
    }
    if (leader === undefined) last = 0;
    await turn();
  }
}

/** The index of the last entry that was proposed. */
let last = 0;

type Row = {
  readonly signatures: number;
  readonly lastIndex: number;
  /** Of the process with all three voters. */
  readonly rssMb: number;
  readonly heapMb: number;
  /** Of one voter's lmdb file. */
  readonly diskMb: number;
};

function measure(voters: readonly Voter[], signatures: number): Row {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const sizes = voters.map(({ path }) => statSync(join(path, 'data.mdb')).size);
  return {
    signatures,
    lastIndex: Math.min(...voters.map(({ machine }) => machine.applied)),
    rssMb: megabytes(rss),
    heapMb: megabytes(heapUsed + arrayBuffers),
    diskMb: megabytes(Math.max(...sizes)),
  };
}

/** Until a node would take part: its log is read and its chain of hashes checked. */
async function timeOfStart(path: string): Promise<number> {
  const startedMs = performance.now();
  const store = await openLmdbConsensusStore(path);
  startVoter(VOTERS[0] ?? nodeId('node-1'), path, store, new Map(), await store.load());
  const elapsedMs = performance.now() - startedMs;
  await store.close();
  return Math.round(elapsedMs);
}

if (values.help) console.error(USAGE);
else await main();
