import { setTimeout as pause } from 'node:timers/promises';
import { QuorateError } from '../../../src/client/index.js';
import type { QuorateClient } from '../../../src/client/index.js';
import { toHex } from '../../../src/common/index.js';
import { encode, Key } from '../../../src/wire/index.js';
import { eventually } from './cluster-wait.js';
import type { Rng } from '../../simulation/rng.js';

/** One request as its client made it. The same again must give the same. */
export type Request =
  | { readonly kind: 'generate'; readonly requestId: string; readonly keyId: string }
  | {
      readonly kind: 'sign';
      readonly requestId: string;
      readonly keyId: string;
      readonly message: Uint8Array;
    };

/** What a client was told: a key and all that is shown of it, a signature (hex), or why there will never be one. */
export type Outcome =
  | { readonly kind: 'key'; readonly publicKey: Uint8Array; readonly shown: string }
  | { readonly kind: 'signature'; readonly signature: string }
  | { readonly kind: 'failed'; readonly reason: string };

export type Acknowledged = { readonly request: Request; readonly outcome: Outcome };

const CALL_MS = 10_000;
/** No request may take longer than this, however often it is sent. */
const ANSWER_MS_MAX = 120_000;
const RETRY_PAUSE_MS = 20;
/** Messages of up to so many bytes. */
const MESSAGE_BYTES_MAX = 200;

/** Outcomes of tasks that failed; they stand in the log like any other. */
const RECORDED_FAILURES: ReadonlySet<string> = new Set([
  'REQUEST_EXPIRED',
  'ATTEMPTS_EXHAUSTED',
  'PENDING_FULL',
]);

/** Asks once. @throws QuorateError when there is no outcome yet. */
export async function ask(client: QuorateClient, request: Request): Promise<Outcome> {
  const options = { timeoutMs: CALL_MS };
  try {
    if (request.kind === 'sign') {
      const { signature } = await client.sign(request, options);
      return { kind: 'signature', signature: toHex(signature) };
    }
    const { key, verdict, because } = await client.generateKey(request, options);
    if (verdict !== 'active') throw new Error(`The key ${key.keyId} is ${verdict}: ${because}`);
    const shown = toHex(encode(Key, key));
    return { kind: 'key', publicKey: key.publicKey, shown };
  } catch (error) {
    if (!(error instanceof QuorateError) || !RECORDED_FAILURES.has(error.reason)) throw error;
    return { kind: 'failed', reason: error.reason };
  }
}

/** Asks until there is an outcome: as long as the answer is that nothing was done, or that nobody knows. */
export async function askUntilAnswered(client: QuorateClient, request: Request): Promise<Outcome> {
  const end = performance.now() + ANSWER_MS_MAX;
  for (;;) {
    try {
      return await ask(client, request);
    } catch (error) {
      const again = error instanceof QuorateError && (error.retryable || error.code === 'deadline');
      if (!again || performance.now() >= end) throw error;
    }
    await pause(RETRY_PAUSE_MS);
  }
}

/** Clients that never stop asking: each makes one request after the other, mostly signatures, now and then a key. */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly #random: Rng;
  readonly #keysMax: number;
  readonly #keyIds: string[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #keysAsked = 0;
  #failure: unknown;

  constructor(random: Rng, keysMax: number) {
    this.#random = random;
    this.#keysMax = keysMax;
  }

  start(clients: readonly QuorateClient[]): void {
    const workers = clients.map((client, at) => this.#work(client, `client-${at + 1}`));
    this.#running = Promise.all(workers).then(
      () => undefined,
      (error: unknown) => {
        this.#failure = error;
        this.#stop.abort();
      },
    );
  }

  /** Waits until clients have been told `count` more outcomes. @throws what ended a client. */
  async progress(count: number): Promise<void> {
    const enough = this.acknowledged.length + count;
    await eventually(
      `${count} more outcomes`,
      () => this.#failure !== undefined || this.acknowledged.length >= enough,
      ANSWER_MS_MAX,
    );
    this.#check();
  }

  /** Lets every client have the answer it waits for, and ends. @throws what ended a client. */
  async finish(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#check();
  }

  async #work(client: QuorateClient, name: string): Promise<void> {
    for (let number = 1; !this.#stop.signal.aborted; number++) {
      const request = this.#next(`${name}-${number}`);
      const outcome = await askUntilAnswered(client, request);
      this.acknowledged.push({ request, outcome });
      if (outcome.kind === 'key') this.#keyIds.push(request.keyId);
    }
  }

  #next(requestId: string): Request {
    const random = this.#random;
    const another = this.#keysAsked < this.#keysMax && random.chance(1 / 25);
    if (another || this.#keyIds.length === 0) {
      this.#keysAsked += 1;
      return { kind: 'generate', requestId, keyId: `key-${requestId}` };
    }
    const message = random.bytes(1 + random.int(MESSAGE_BYTES_MAX));
    return { kind: 'sign', requestId, keyId: random.pick(this.#keyIds), message };
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
