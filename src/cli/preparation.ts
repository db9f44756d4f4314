import { setTimeout as wait } from 'node:timers/promises';
import { TaskKind, TaskState } from '../client/index.js';
import type { Cluster, QuorateClient, Task } from '../client/index.js';
import type { Millis } from '../common/index.js';
import type { CommandContext } from './command-context.js';
import { PREPARATION_POLL_MS, SILENCE_MS } from './limits.js';
import { READ_MS } from './open-client.js';
import { NOBODY_IS_AWAY, wordsOf } from './progress.js';

/**
 * Waits for an ECDSA key, which may take minutes, and says on standard error what it waits for whenever that changes.
 *
 * @param silenceMs - Until it is looked at first; then it is looked at every {@link PREPARATION_POLL_MS}.
 */
export async function sayingWhatIsPrepared<T>(
  call: Promise<T>,
  client: QuorateClient,
  keyId: string,
  context: CommandContext,
  silenceMs: Millis = SILENCE_MS,
  pollMs: Millis = PREPARATION_POLL_MS,
): Promise<T> {
  const done = new AbortController();
  const saying = sayChanges(client, keyId, context, done.signal, silenceMs, pollMs);
  try {
    return await call;
  } finally {
    done.abort();
    await saying;
  }
}

async function sayChanges(
  client: QuorateClient,
  keyId: string,
  context: CommandContext,
  signal: AbortSignal,
  silenceMs: Millis,
  pollMs: Millis,
): Promise<void> {
  const options = { timeoutMs: READ_MS, signal };
  const open = { state: TaskState.OPEN, limit: 1 };
  let said = '';
  for (let pauseMs = silenceMs; !signal.aborted; pauseMs = pollMs) {
    try {
      await wait(pauseMs, undefined, { signal });
      const cluster = await client.getCluster(options);
      const prepares = await client.listTasks({ kind: TaskKind.PREPARE, ...open }, options);
      const own = await client.listTasks({ kind: TaskKind.GENERATE_KEY, keyId, ...open }, options);
      const words = preparationWords(cluster, prepares.items[0], own.items[0]);
      if (!signal.aborted && words !== said) context.err(words);
      said = words;
    } catch {
      // The call ended, or no node answers: then the call says so itself.
    }
  }
}

/**
 * The words for what an ECDSA key is waiting for, as one node sees it.
 *
 * @param prepare - A preparation that is open. Apps do not see those: they are the cluster's own.
 * @param own - The key's task, while it is open.
 */
export function preparationWords(
  cluster: Cluster,
  prepare: Task | undefined,
  own: Task | undefined,
): string {
  const absent = wordsOf(cluster, { all: true });
  if (absent !== NOBODY_IS_AWAY) return absent;
  if (own !== undefined && own.attempts.length > 0) return 'Generating the key ...';
  const attempt = prepare?.attempts.at(-1);
  if (attempt !== undefined) {
    const by = attempt.participants.join(', ');
    const again = attempt.number > 1 ? ` (attempt ${attempt.number})` : '';
    return `Preparing auxiliary material for ECDSA on ${by}${again}: once for all keys of these participants ...`;
  }
  return 'Waiting for the auxiliary material of the participants: each is looking for large primes, which takes minutes with P3072 ...';
}
