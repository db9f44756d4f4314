import { status } from '@grpc/grpc-js';
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { operationOf, readStreamedRequest } from '../api/index.js';
import type { Operation, RequestsOperation } from '../api/index.js';
import { assert } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { SignStreamResponse } from '../wire/index.js';
import { UnaryCallTime, untilAborted } from './call-time.js';
import { admittedBy } from './guard.js';
import type { Admitted } from './guard.js';
import { SLOW_READER_MS_MAX, STREAMED_OPEN_MAX } from './limits.js';
import { nodeStopping, slowReader } from './open-streams.js';
import type { OpenStream } from './open-streams.js';
import { statusOf } from './status.js';
import { leaderOf, report } from './unary.js';
import type { StreamCarrier } from './watch.js';

type Stream = ServerDuplexStream<Uint8Array, object>;
type Outcome = Pick<SignStreamResponse, 'requestId' | 'outcome'>;

/**
 * Carries a stream of requests of grpc-js to an operation, each as a call of its own: it counts as one, has its own time, and fails
 * alone. Answers leave in the order in which they are made.
 */
export function requestStream(
  path: string,
  { method }: RequestsOperation,
  carrier: StreamCarrier,
): handleBidiStreamingCall<Uint8Array, object> {
  const operation = operationOf(method);
  assert(operation !== undefined, `${method} has no line in the table of operations`);
  const { context, logger, meter, streams } = carrier;
  return (stream) => {
    const sinceMs = performance.now();
    let [code, reason]: [string, string | undefined] = ['CANCELLED', undefined];
    const admitted = admittedBy(stream);
    const fail = (error: unknown): void => {
      const end = report(path, statusOf(error, leaderOf(context)), error, logger);
      [code, reason] = [status[end.code], end.reason];
      admitted.end(end);
    };
    const over = (): void => {
      code = 'OK';
      stream.end();
    };
    stream.on('error', () => undefined);
    // However it ends, it is cancelled then.
    stream.once('cancelled', () =>
      meter?.callEnded(path, code, reason, (performance.now() - sinceMs) / 1000),
    );
    try {
      streams.requireOpen();
      const open = new RequestStream(stream, admitted, { method, operation }, carrier, {
        over,
        fail,
      });
      stream.once('cancelled', () => {
        open.cancel();
        streams.delete(open);
      });
      streams.add(open);
    } catch (error) {
      fail(error);
    }
  };
}

/** One stream of requests. No more than {@link STREAMED_OPEN_MAX} are read that have no answer, or one that is not taken. */
class RequestStream implements OpenStream {
  readonly #stream: Stream;
  readonly #admitted: Admitted;
  readonly #method: string;
  readonly #operation: Operation;
  readonly #carrier: StreamCarrier;
  readonly #ends: { over(): void; fail(error: unknown): void };
  /** Each ends a request that is worked on, when the client gives up. */
  readonly #cancels = new Set<() => void>();
  #number = 0n;
  /** Requests without an answer that the client has taken. */
  #open = 0;
  /** Of these, answers on their way, and since when none has been taken. */
  #unread = 0;
  #takenMs: Millis = 0;
  /** The client sends no more, or none are read any more. */
  #last: 'half-closed' | 'stopping' | undefined;

  constructor(
    stream: Stream,
    admitted: Admitted,
    { method, operation }: { readonly method: string; readonly operation: Operation },
    carrier: StreamCarrier,
    ends: { over(): void; fail(error: unknown): void },
  ) {
    this.#stream = stream;
    this.#admitted = admitted;
    this.#method = method;
    this.#operation = operation;
    this.#carrier = carrier;
    this.#ends = ends;
    stream.on('data', (bytes: Uint8Array) => this.#take(bytes));
    stream.on('end', () => {
      this.#last ??= 'half-closed';
      this.#settle();
    });
  }

  look(nowMs: Millis): void {
    const { slowReaderMs = SLOW_READER_MS_MAX } = this.#carrier;
    if (this.#unread > 0 && nowMs - this.#takenMs > slowReaderMs) this.#ends.fail(slowReader());
  }

  /** Reads no more; what was read is answered first. */
  stop(): void {
    this.#last ??= 'stopping';
    this.#stream.pause();
    this.#settle();
  }

  cancel(): void {
    for (const each of this.#cancels) each();
  }

  #take(bytes: Uint8Array): void {
    this.#open += 1;
    this.#number += 1n;
    if (this.#open >= STREAMED_OPEN_MAX) this.#stream.pause();
    void this.#answer(this.#number, bytes);
  }

  async #answer(number: bigint, bytes: Uint8Array): Promise<void> {
    const response: SignStreamResponse = { ...(await this.#outcome(bytes)), number };
    if (this.#unread === 0) this.#takenMs = performance.now();
    this.#unread += 1;
    this.#admitted.measure(() => this.#stream.write(response, () => this.#taken()));
  }

  #taken(): void {
    this.#takenMs = performance.now();
    this.#unread -= 1;
    this.#open -= 1;
    if (this.#last === undefined) this.#stream.resume();
    else this.#settle();
  }

  /** Ends the stream when nothing is to come, and all that came is answered. */
  #settle(): void {
    if (this.#last === undefined || this.#open > 0) return;
    if (this.#last === 'stopping') this.#ends.fail(nodeStopping());
    else this.#ends.over();
  }

  async #outcome(bytes: Uint8Array): Promise<Outcome> {
    const { context, meter, logger } = this.#carrier;
    const { caller, measure } = this.#admitted;
    const sinceMs = performance.now();
    const ended = (code: string, reason?: string): void =>
      meter?.callEnded(this.#method, code, reason, (performance.now() - sinceMs) / 1000);
    let requestId = '';
    let leave: (() => void) | undefined;
    try {
      leave = this.#admitted.enter();
      const asked = measure(() => readStreamedRequest(bytes));
      requestId = asked.requestId;
      const time = this.#timeFor(asked.timeoutMs);
      try {
        const { metadata } = asked;
        const call = { method: this.#method, bytes: asked.bytes, caller, metadata, time, measure };
        const answering = measure(() => this.#operation.handle(context, call));
        // The operation of this one method: its answer is a SignResponse.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const value = (await untilAborted(answering, time.signal)) as never;
        ended('OK');
        return { requestId, outcome: { $case: 'response', value } };
      } finally {
        time.end();
      }
    } catch (error) {
      const end = report(this.#method, statusOf(error, leaderOf(context)), error, logger);
      ended(status[end.code], end.reason);
      return { requestId, outcome: { $case: 'error', value: end.rich } };
    } finally {
      leave?.();
    }
  }

  #timeFor(timeoutMs: Millis): UnaryCallTime {
    const endMs = Math.min(Date.now() + timeoutMs, Number(this.#stream.getDeadline()));
    let cancel: (() => void) | undefined;
    const time = new UnaryCallTime({
      getDeadline: () => endMs,
      once: (_, run) => this.#cancels.add((cancel = run)),
    });
    time.signal.addEventListener('abort', () => cancel && this.#cancels.delete(cancel), {
      once: true,
    });
    return time;
  }
}
