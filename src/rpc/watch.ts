import { status } from '@grpc/grpc-js';
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { Watched, WatchOperation } from '../api/index.js';
import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { UnaryCallTime, untilAborted } from './call-time.js';
import { admittedBy } from './guard.js';
import type { Admitted } from './guard.js';
import { SLOW_READER_MS_MAX } from './limits.js';
import { nodeStopping, slowReader } from './open-streams.js';
import type { OpenStream, OpenStreams } from './open-streams.js';
import { statusOf } from './status.js';
import { leaderOf, report } from './unary.js';
import type { Carrier } from './unary.js';

type Stream = ServerWritableStream<Uint8Array, object>;

/** The same of streams. */
export type StreamCarrier = Carrier & {
  readonly streams: OpenStreams;
  /** {@link SLOW_READER_MS_MAX} by default. */
  readonly slowReaderMs: Millis | undefined;
};

/**
 * Carries a stream of answers of grpc-js to a subject that is watched. Its opening counts as a call, and each look at the subject is
 * charged to its caller.
 */
export function watch(
  method: string,
  operation: WatchOperation,
  carrier: StreamCarrier,
): handleServerStreamingCall<Uint8Array, object> {
  const { context, logger, meter, streams } = carrier;
  const begin = async (stream: Stream): Promise<void> => {
    const admitted = admittedBy(stream);
    const { caller, measure } = admitted;
    const sinceMs = performance.now();
    let [code, reason]: [string, string | undefined] = ['CANCELLED', undefined];
    const ends: Ends = {
      over: () => {
        code = 'OK';
        stream.end();
      },
      fail: (error) => {
        const end = report(method, statusOf(error, leaderOf(context)), error, logger);
        [code, reason] = [status[end.code], end.reason];
        admitted.end(end);
      },
    };
    // However it ends, it is cancelled then.
    stream.once('cancelled', () =>
      meter?.callEnded(method, code, reason, (performance.now() - sinceMs) / 1000),
    );
    const time = new UnaryCallTime(stream);
    try {
      streams.requireOpen();
      const { request: bytes, metadata } = stream;
      const call = { method, bytes, caller, metadata, time, measure };
      const opening = measure(() => operation.watch(context, call));
      const watched = await untilAborted(opening, time.signal);
      streams.requireOpen();
      const open = new Watch(stream, watched, admitted, ends, carrier.slowReaderMs);
      stream.once('cancelled', () => streams.delete(open));
      streams.add(open);
    } catch (error) {
      ends.fail(error);
    } finally {
      time.end();
    }
  };
  return (stream) => void begin(stream);
}

/** The two ends of a watch. */
type Ends = { over(): void; fail(error: unknown): void };

/** One watch. One message waits at most: a client that reads slowly gets the newest when it does. */
export class Watch implements OpenStream {
  readonly #stream: Stream;
  readonly #watched: Watched;
  readonly #admitted: Admitted;
  readonly #ends: Ends;
  readonly #slowReaderMs: Millis;
  /** Since when a message waits to be read. */
  #unreadMs: Millis | undefined;
  #dueMs: Millis = 0;
  #isOver = false;

  constructor(
    stream: Stream,
    watched: Watched,
    admitted: Admitted,
    ends: Ends,
    slowReaderMs: Millis = SLOW_READER_MS_MAX,
  ) {
    this.#stream = stream;
    this.#watched = watched;
    this.#admitted = admitted;
    this.#ends = ends;
    this.#slowReaderMs = slowReaderMs;
  }

  look(nowMs: Millis): void {
    if (this.#unreadMs !== undefined) {
      if (nowMs - this.#unreadMs > this.#slowReaderMs) this.#end(slowReader());
      return;
    }
    if (this.#isOver || nowMs < this.#dueMs || !this.#hasShare()) return;
    try {
      this.#admitted.measure(() => this.#tell(nowMs));
    } catch (error) {
      this.#end(error);
    }
  }

  stop(): void {
    if (!this.#isOver) this.#end(nodeStopping());
  }

  #tell(nowMs: Millis): void {
    const { message, isLast } = this.#watched.next(nowMs);
    if (message !== undefined) {
      this.#dueMs = nowMs + this.#watched.intervalMs;
      this.#unreadMs = nowMs;
      this.#stream.write(message, () => (this.#unreadMs = undefined));
    }
    if (!isLast) return;
    this.#isOver = true;
    this.#ends.over();
  }

  /** A caller whose calls have cost too much is told later. */
  #hasShare(): boolean {
    try {
      this.#admitted.requireShare();
      return true;
    } catch (error) {
      if (error instanceof ClusterError) return false;
      throw error;
    }
  }

  #end(error: unknown): void {
    this.#isOver = true;
    this.#unreadMs = undefined;
    this.#ends.fail(error);
  }
}
