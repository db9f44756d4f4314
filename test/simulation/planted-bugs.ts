import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Violation } from './simulation.js';

/** One change to a compiled file: `find` must be there exactly once. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

/** A mistake that somebody could make, and how many seeds it may take to show. */
export type PlantedBug = {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly seeds: number;
  /** Consensus alone shows it. */
  readonly raftOnly: boolean;
};

/** Mistakes that real systems have made. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'a vote is granted without being persisted',
    edits: [
      {
        file: 'raft/candidate.js',
        find: "if (core.votedFor === undefined)\n            core.hardState = 'unsaved';",
        replace: '',
      },
    ],
    seeds: 5,
    raftOnly: true,
  },
  {
    name: 'an acknowledgement leaves before the sync',
    edits: [
      {
        file: 'raft/driver.js',
        find: 'this.#flushed = this.#applied;\n            await store.persist',
        replace:
          'this.#flushed = this.#applied;\n            this.#send(ready.sendAfterPersist);\n            await store.persist',
      },
    ],
    seeds: 5,
    raftOnly: true,
  },
  {
    name: 'a quorum is one short',
    edits: [
      {
        file: 'raft/quorum.js',
        find: 'return Math.floor(count / 2) + 1;',
        replace: 'return Math.floor(count / 2);',
      },
    ],
    seeds: 5,
    raftOnly: true,
  },
  {
    name: 'a vote goes to a log that lacks entries',
    edits: [
      {
        file: 'raft/candidate.js',
        find: 'request.term === core.term && isFree && isUpToDate',
        replace: 'request.term === core.term && isFree',
      },
      {
        file: 'raft/candidate.js',
        find: 'request.term > core.term && isUpToDate',
        replace: 'request.term > core.term',
      },
    ],
    seeds: 20,
    raftOnly: true,
  },
  {
    name: 'a late append truncates what came after it',
    edits: [
      {
        file: 'raft/follower.js',
        find: 'if (timely > 0 && lastKnown < log.last.index)',
        replace: 'if (append.entries.length > 0 && lastKnown < log.last.index)',
      },
    ],
    seeds: 20,
    raftOnly: true,
  },
  {
    name: 'the commit index follows the leader beyond what was compared',
    edits: [
      {
        file: 'raft/follower.js',
        find: 'Math.min(append.commit, answer.match)',
        replace: 'Math.min(append.commit, core.log.last.index)',
      },
    ],
    seeds: 300,
    raftOnly: true,
  },
  {
    name: 'a nonce is used twice',
    edits: [
      {
        file: 'keys/nonces.js',
        find: 'this.#forget(slot.counter, kept.owner);\n        return kept.nonce;',
        replace: 'return { d: kept.nonce.d.slice(), e: kept.nonce.e.slice() };',
      },
      {
        file: 'keys/nonces.js',
        find: 'if (kept !== undefined && isOf(slot, kept.commitment))',
        replace: 'if (false)',
      },
      // A leader that offers what it has offered before. With honest holders it would only be slow.
      { file: 'tasks/leader/nonce-pools.js', find: 'drop(run, named.counter);', replace: '' },
      { file: 'tasks/leader/nonce-pools.js', find: 'drop(run, slot.counter);', replace: ';' },
    ],
    seeds: 5,
    raftOnly: false,
  },
  {
    name: 'a share leaves after the request has expired',
    edits: [
      {
        file: 'tasks/participant/signing.js',
        find: 'if (contribution === undefined || !due || clock.now() >= answered.expireTimeMs)',
        replace: 'if (contribution === undefined || !due)',
      },
    ],
    seeds: 10,
    raftOnly: false,
  },
  {
    name: 'a key is active before all participants are ready',
    edits: [
      {
        file: 'state/apply-facts.js',
        find: 'said.length === ready.participants.length &&',
        replace: 'said.length === ready.threshold &&',
      },
    ],
    seeds: 100,
    raftOnly: false,
  },
  {
    name: 'ready is said for a share that was never kept',
    edits: [
      {
        file: 'keys/key-manager.js',
        find: 'await shares.put(keyId, sessionId, sealShare(',
        replace: 'void (keyId, sessionId, sealShare(',
      },
      {
        file: 'keys/key-manager.js',
        find: 'if (stored === undefined || !same ||',
        replace: 'if (stored !== undefined && !same ||',
      },
      {
        file: 'keys/key-manager.js',
        find: '!equal(recordOf(stored) ?? new Uint8Array(), record)',
        replace: 'false',
      },
    ],
    seeds: 3,
    raftOnly: false,
  },
  {
    name: 'a request is answered with the outcome of another that took its id',
    edits: [
      {
        file: 'tasks/requests/submissions.js',
        find: 'if (!judged.ok) {\n            waiting.fail',
        replace: 'if (false) {\n            waiting.fail',
      },
    ],
    seeds: 100,
    raftOnly: false,
  },
  {
    name: 'the applied index is durable without the writes of its entries',
    edits: [
      {
        file: 'raft/driver.js',
        find: 'const writes = machine.pendingWrites();',
        replace: 'const writes = ready.persist === undefined ? machine.pendingWrites() : [];',
      },
    ],
    seeds: 5,
    raftOnly: true,
  },
  {
    name: 'a read is answered without asking a majority',
    edits: [
      {
        file: 'raft/read-index.js',
        find: 'if (reachedByMajority([role.round, ...answered]) < confirming.round)\n        return;',
        replace: '',
      },
    ],
    seeds: 200,
    raftOnly: true,
  },
];

/** What a run of the simulator with a bug in it came to. */
export type Verdict = {
  /** Checkers that spoke up, of the first seed that failed. */
  readonly checkers: readonly string[];
};

/** Runs a copy of the compiled program with `edits` made to it. */
export function runWith(edits: readonly Edit[], seeds: number, raftOnly: boolean): Verdict {
  const root = resolve(import.meta.dirname, '..', '..');
  const copy = mkdtempSync(join(tmpdir(), 'quorate-planted-'));
  try {
    for (const part of ['src', 'test/simulation']) {
      cpSync(join(root, part), join(copy, 'dist', part), { recursive: true });
    }
    symlinkSync(resolve(root, '..', 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
    for (const edit of edits) apply(join(copy, 'dist/src', edit.file), edit);
    const program = join(copy, 'dist/test/simulation/main.js');
    const options = ['--seeds', String(seeds), '--jobs', '1', '--until-violation', '--json'];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [program, ...options, ...(raftOnly ? ['--raft-only'] : [])],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    // Anything but the simulator's own answer means that the copy did not run.
    if (!stdout.startsWith('{')) throw new Error(`the copy does not run: ${stderr}`);
    const { violations } = JSON.parse(stdout) as { violations: readonly Violation[] };
    return { checkers: [...new Set(violations.map(({ checker }) => checker))] };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Edits whose pattern is not there exactly once, so that they plant nothing, or something else. */
export function misplaced(edits: readonly Edit[]): Edit[] {
  const sources = resolve(import.meta.dirname, '..', '..', 'src');
  return edits.filter(({ file, find }) => countIn(join(sources, file), find) !== 1);
}

function countIn(path: string, find: string): number {
  return readFileSync(path, 'utf8').split(find).length - 1;
}

function apply(path: string, { file, find, replace }: Edit): void {
  const times = countIn(path, find);
  if (times !== 1) throw new Error(`${file}: the pattern is there ${times} times, not once`);
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(find, () => replace),
  );
}
