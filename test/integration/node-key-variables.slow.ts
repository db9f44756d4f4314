import { expect, jest, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeId, toHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { identityPathOf, systemRandom } from '../../src/machine/index.js';
import { keyChangePathOf } from '../../src/pki/index.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import type { NodeSecret } from '../support/clusters/process-cluster.js';
import { askUntilAnswered } from '../support/clusters/process-load.js';
import { quorate } from './cli-process.js';

jest.setTimeout(600_000);

const KILLER = fileURLToPath(new URL('../support/kill-at-step.js', import.meta.url));
const WAIT_MS = 60_000;
/** More than there are steps. */
const STARTS_MAX = 12;
const [ONE, TWO, THREE] = ['node-1', 'node-2', 'node-3'].map(nodeId) as [NodeId, NodeId, NodeId];

const newSecret = (): string => toHex(systemRandom.bytes(32));

/** A node whose node key changes, and the moments at which its processes were killed. */
class Changing {
  readonly next = newSecret();
  readonly #cluster: ProcessCluster;
  readonly #node: NodeId;
  readonly #source: NodeSecret;
  readonly #folder: string;

  constructor(cluster: ProcessCluster, node: NodeId, source: NodeSecret) {
    this.#cluster = cluster;
    this.#node = node;
    this.#source = source;
    this.#folder = dirname(cluster.configFile(node));
  }

  get killedAt(): readonly string[] {
    const log = join(this.#folder, 'killed');
    return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  }

  get isUnderWay(): boolean {
    return existsSync(keyChangePathOf(identityPathOf(join(this.#folder, 'data'))));
  }

  /** Files of the identity key, finished or not. */
  get identityFiles(): readonly string[] {
    return readdirSync(join(this.#folder, 'data')).filter((name) => name.startsWith(FILE));
  }

  /** Has the command begin the change. */
  async begin(killAt?: number): Promise<number> {
    const config = this.#cluster.configFile(this.#node);
    const argv = ['node-key', 'rotate', '--config', config, '--next-env', 'NEXT_SECRET'];
    const environment = { ...this.#with('old', killAt), NEXT_SECRET: this.next };
    return (await quorate(this.#folder, argv, environment)).status;
  }

  /** Starts the node with a secret, and has it change its key; the process is killed at a moment. */
  async run(secret: 'old' | 'next', killAt: number): Promise<void> {
    const waiting = this.#waiting();
    this.#cluster.start(this.#node, [], this.#with(secret, killAt));
    const pid = this.#cluster.pid(this.#node);
    const ended = this.#cluster.ended(this.#node);
    if (secret === 'old') {
      await eventually('a start with the old secret', () => this.#waiting() > waiting, WAIT_MS);
      if (pid !== undefined) process.kill(pid, 'SIGHUP');
    }
    const { code } = await ended;
    if (code !== null) throw new Error(`the process ended by itself, with ${code}`);
  }

  start(secret: 'old' | 'next'): void {
    this.#cluster.start(this.#node, [], this.#with(secret));
  }

  #waiting(): number {
    const lines = this.#cluster.logLines(this.#node);
    return lines.filter((line) => line.includes('waits for SIGHUP')).length;
  }

  #with(secret: 'old' | 'next', killAt?: number): Record<string, string> {
    const text = secret === 'old' ? this.#source.secret : this.next;
    return {
      [this.#source.variable]: text,
      ...(killAt !== undefined && {
        NODE_OPTIONS: `--import ${KILLER}`,
        QUORATE_TEST_KILL_AT: String(killAt),
        QUORATE_TEST_KILL_LOG: join(this.#folder, 'killed'),
      }),
    };
  }
}

const FILE = 'identity.key';
const BEFORE = 'before a file takes its place';
const AFTER = 'after a file took its place';

/** Changes a node's key by processes that are killed, each at the next moment, with the old secret and the new one in turn. */
async function changeThroughKills(changing: Changing): Promise<void> {
  for (const killAt of [1, 2]) await changing.begin(killAt);
  for (let starts = 0; changing.isUnderWay; starts += 1) {
    if (starts === STARTS_MAX) throw new Error(changing.killedAt.join('\n'));
    // The identity file takes its place once more, as long as the file of the change is there.
    const last = changing.killedAt.slice(2).at(-1);
    const killAt = last === BEFORE ? 2 : last === AFTER ? 3 : 1;
    await changing.run(starts % 2 === 0 ? 'old' : 'next', killAt);
  }
}

test('a node key in a variable, and one of a passphrase, change in processes that are killed after each step', async () => {
  const one = { kind: 'env', variable: 'SECRET_ONE', secret: newSecret() } as const;
  const two = { kind: 'passphrase', variable: 'SECRET_TWO', secret: newSecret() } as const;
  await using cluster = await ProcessCluster.create(3, { secrets: { [ONE]: one, [TWO]: two } });
  const changing = [new Changing(cluster, ONE, one), new Changing(cluster, TWO, two)];
  for (const each of changing) each.start('old');
  cluster.start(THREE);
  const keyId = 'treasury';
  const requestId = 'make';
  const made = await askUntilAnswered(cluster.client(), { kind: 'generate', requestId, keyId });
  expect(made.kind).toBe('key');
  for (const node of cluster.nodes) await cluster.kill(node);

  await Promise.all(changing.map(changeThroughKills));

  for (const { killedAt } of changing) {
    expect(killedAt.slice(0, 2)).toEqual([BEFORE, AFTER]);
    const records = killedAt.slice(2, -3);
    expect(records.length).toBeGreaterThan(0);
    expect(new Set(records)).toEqual(new Set(['after a record is replaced']));
    expect(killedAt.slice(-3)).toEqual([BEFORE, AFTER, 'after the file of the change is gone']);
  }
  expect(cluster.troubles()).toEqual([]);
  // Files that were never finished are gone, too: one of the change would have the new key for whoever has the old one.
  expect(changing.map(({ identityFiles }) => identityFiles)).toEqual([[FILE], [FILE]]);
  // Both are needed, and both have their shares.
  for (const each of changing) each.start('next');
  const message = new TextEncoder().encode('signed by the two');
  // On a busy machine a request may expire before the two have a leader.
  let asked = 0;
  const isSigned = async () => {
    asked += 1;
    const request = { kind: 'sign', requestId: `two-${asked}`, keyId, message } as const;
    const outcome = await askUntilAnswered(cluster.client([ONE, TWO]), request);
    return outcome.kind === 'signature';
  };
  await eventually('a signature by the two', isSigned, WAIT_MS);
});
