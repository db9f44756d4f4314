import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ClusterError } from '../../common/index.js';
import { EXIT } from '../exit-codes.js';
import { setAside } from '../files.js';
import { DEV_LOG_BYTES_MAX } from '../limits.js';
import { readFromNode } from './channel.js';
import type { Listening, ToNode } from './channel.js';
import type { Watched } from './watch.js';

/** The program that a node process runs: the one we are part of. */
const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));
/** How long a node may take to open its data and bind its ports. */
const LISTEN_MS = 30_000;
/** How long a node may take to say what it has measured. */
const WATCH_MS = 5000;
/** How long a node may take to end after it was asked to. */
const STOP_MS = 10_000;

/** How a process ended, in words: `exit status 1`, `signal SIGKILL`. */
export type Ending = string;

/** Of a node that is to be started again, and goes on from there. */
export const ENDED_TO_START_AGAIN: Ending = `exit status ${EXIT.again}`;

/** One node as a child process. It ends when we do, however we end: it watches the channel between us. */
export class NodeProcess {
  readonly id: string;
  readonly configFile: string;
  readonly logFile: string;
  /** Resolves when the process is gone. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #listening: Promise<Listening>;

  /** @param settings - Variables that win over what its file says. */
  constructor(
    id: string,
    configFile: string,
    logFile: string,
    settings: Readonly<Record<string, string>> = {},
  ) {
    this.id = id;
    this.configFile = configFile;
    this.logFile = logFile;
    setAside(logFile, DEV_LOG_BYTES_MAX);
    const log = openSync(logFile, 'a', 0o600);
    this.#child = fork(MAIN, ['node', '--config', configFile, '--supervised'], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...withoutSettings(process.env), ...settings },
      // A group of its own: Ctrl-C reaches us alone, and we stop the nodes in good order.
      detached: true,
    });
    closeSync(log);
    this.ended = endOf(this.#child);
    this.#listening = listeningOf(this.#child, id, logFile, this.ended);
    // A caller that never waits must not crash the process; one that waits gets the rejection.
    this.#listening.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Where the node listens. @throws ClusterError when it ends before, or takes too long. */
  listening(): Promise<Listening> {
    return this.#listening;
  }

  /** Tells the node where the others are, so that it begins. */
  start(peers: Readonly<Record<string, string>>): void {
    const message: ToNode = { type: 'start', peers };
    if (this.#child.connected) this.#child.send(message);
  }

  /** The measurements of the node since it was last asked; nothing when it does not answer. */
  async watch(): Promise<Watched | undefined> {
    if (!this.#child.connected) return undefined;
    const signal = AbortSignal.timeout(WATCH_MS);
    const answer = once(this.#child, 'message', { signal }).catch(() => [undefined]);
    const message: ToNode = { type: 'watch' };
    this.#child.send(message);
    const [said] = await answer;
    const watched = readFromNode(said);
    return watched?.type === 'watched' ? watched : undefined;
  }

  /** Asks the node to drain and end; ends it the hard way when it does not. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const late = AbortSignal.timeout(STOP_MS);
    late.addEventListener('abort', () => this.kill());
    await this.ended;
  }

  /** Ends the node at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The environment without our own variables: what they say is meant for us, and would win over the node's file. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('QUORATE_'));
  return Object.fromEntries(kept);
}

async function endOf(child: ChildProcess): Promise<Ending> {
  const [code, signal] = await once(child, 'exit');
  return signal === null ? `exit status ${String(code)}` : `signal ${String(signal)}`;
}

async function listeningOf(
  child: ChildProcess,
  id: string,
  logFile: string,
  ended: Promise<Ending>,
): Promise<Listening> {
  const signal = AbortSignal.timeout(LISTEN_MS);
  const first = once(child, 'message', { signal }).then(([message]) => readFromNode(message));
  const answer = await Promise.race([first, ended]).catch(() => undefined);
  if (typeof answer === 'object' && answer.type === 'listening') return answer;
  if (typeof answer === 'object' && answer.type === 'failed') {
    throw new ClusterError('wrong-state', `${id} did not start: ${answer.message}`, {
      reason: answer.reason,
    });
  }
  const how =
    typeof answer !== 'string' ? `is silent for ${LISTEN_MS / 1000} s` : `ended with ${answer}`;
  throw new ClusterError('wrong-state', `${id} ${how}; its log is ${logFile}`, {
    reason: 'NODE_FAILED',
  });
}
