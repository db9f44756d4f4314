import { ClusterError, toHex, utf8 } from '../../common/index.js';
import type { Cluster, QuorateClient } from '../../client/index.js';
import { algorithmOf } from '../../identity/index.js';
import { readerVerifiers } from '../../machine/index.js';
import { Ended, EXIT } from '../exit-codes.js';
import { quantile } from '../format/bench.js';
import { facts, table } from '../format/table.js';
import { duration, time } from '../format/values.js';
import { measure } from '../measure.js';
import { GENERATE_MS, READ_MS, SIGN_MS } from '../open-client.js';
import type { CommandContext } from '../command-context.js';

/** The texts that the demonstration shows beside its steps. */
export type Stage = {
  readonly client: QuorateClient;
  readonly cluster: Cluster;
  readonly endpoints: readonly string[];
  readonly pids: Readonly<Record<string, number>>;
  /** Aborted: the demonstration ends at once. */
  readonly signal: AbortSignal;
  /** Whether the nodes end with the demonstration. */
  readonly exits: boolean;
  /** The command that starts the nodes again. */
  readonly start: string;
  /** A command line for this cluster, from the words after `quorate`. */
  readonly command: (words: string) => string;
  readonly context: CommandContext;
};

const KEY_ID = 'demo';
const MESSAGE = 'Hello from a key that is nowhere';
/** Signatures after the first, which also had to look up the key and fill the pools. */
const MORE = 10;

/** Makes a key, signs with it, and has OpenSSL's code check the signature. */
export async function demonstrate(stage: Stage): Promise<void> {
  const { context, signal } = stage;
  const say = (line = '') => context.out(line);
  const show = (lines: readonly string[]) => lines.forEach((line) => say(`     ${line}`));
  const title = (number: number, text: string, took?: number) => {
    const elapsed = took === undefined ? '' : duration(took);
    context.out(`  ${number}. ${text.padEnd(58)}${elapsed}`.trimEnd(), 'cyan');
  };

  say();
  const count = Object.keys(stage.pids).length;
  context.out(`  Quorate: ${count} nodes on this machine, over mutual TLS`, 'bold');
  say();
  show(nodes(stage));
  say();

  const { key, tookMs } = await demoKey(stage);
  const quorum = `${key.threshold} of ${key.participants.length}`;
  if (tookMs === undefined)
    title(1, `The key "${KEY_ID}" is there already, since ${time(key.createTime)}`);
  else title(1, `A key, born in ${key.participants.length} shares: no machine ever has it`, tookMs);
  show(
    facts([
      ['public key', toHex(key.publicKey)],
      ['signing takes', `${quorum}: ${key.participants.join(', ')}`],
    ]),
  );
  say();

  const message = utf8(MESSAGE);
  const signing = performance.now();
  const signed = await stage.client.sign(
    { keyId: KEY_ID, message },
    { timeoutMs: SIGN_MS, signal },
  );
  title(
    2,
    `A signature, made together by ${signed.signers.join(' and ')}`,
    performance.now() - signing,
  );
  const next = await measure('sign', 1, { count: MORE }, (number) =>
    stage.client.sign(
      { keyId: KEY_ID, message: utf8(`${MESSAGE}, ${number}`) },
      { timeoutMs: SIGN_MS, signal },
    ),
  );
  signal.throwIfAborted();
  const median = quantile(next.tookMs, 0.5);
  show(
    facts([
      ['message', MESSAGE],
      ['signature', toHex(signed.signature)],
      [`${next.tookMs.length} more`, median === undefined ? undefined : `${duration(median)} each`],
    ]),
  );
  say();

  const verifying = performance.now();
  const valid = readerVerifiers()[algorithmOf(key)].verify(
    key.publicKey,
    message,
    signed.signature,
  );
  title(3, 'Checked by OpenSSL, which knows nothing of us', performance.now() - verifying);
  context.out(valid ? '     valid' : '     INVALID', valid ? 'green' : 'red');
  say();
  if (!valid) throw new Ended(EXIT.invalid);

  say(
    stage.exits
      ? `  Go on with ${stage.start}, and in another terminal:`
      : '  Go on, in another terminal:',
  );
  say();
  for (const words of [
    'cluster status',
    'keys generate second',
    'sign second --message "pay the rent"',
    `verify ${KEY_ID} --message "${MESSAGE}" --signature ${toHex(signed.signature)}`,
    'tasks list',
  ]) {
    say(`     ${stage.command(words)}`);
  }
  say();
  say(
    '  An ECDSA key: for the first one the nodes look for large primes, some seconds or a minute.',
  );
  say();
  for (const words of [
    'keys generate ether --algorithm GG20_SECP256K1 --gg20-profile P2048 --timeout 5m',
    'sign ether --message "a transaction" --hash keccak256 --format ethereum',
  ]) {
    say(`     ${stage.command(words)}`);
  }
  say();
}

function nodes({ cluster, endpoints, pids }: Stage): string[] {
  const ids = Object.keys(pids);
  return table(
    ['NODE', 'CLIENTS', 'PROCESS', ''],
    ids.map((id, at) => [
      id,
      endpoints[at],
      String(pids[id]),
      id === cluster.leaderId ? `leads term ${cluster.term}` : '',
    ]),
  );
}

/** The key of earlier runs, or a new one and how long it took. */
async function demoKey({ client, signal }: Stage) {
  try {
    const { key } = await client.getKey(KEY_ID, { timeoutMs: READ_MS, signal });
    return { key, tookMs: undefined };
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'not-found') throw error;
  }
  const before = performance.now();
  const { key } = await client.generateKey({ keyId: KEY_ID }, { timeoutMs: GENERATE_MS, signal });
  return { key, tookMs: performance.now() - before };
}
