import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { STREAMS_LOOK_MS } from './limits.js';

/** A stream of answers that is open. */
export interface OpenStream {
  /** Tells what there is to tell. */
  look(nowMs: Millis): void;
  /** The node goes: ends it, with a status that sends its client to another node. */
  stop(): void;
}

/** The streams of answers of one port. While there are some, they are looked at again and again, by one timer. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @throws ClusterError `no-quorum` (NODE_STOPPING) from the moment on that the node takes no more. */
  requireOpen(): void {
    if (this.#isStopped) throw nodeStopping();
  }

  add(stream: OpenStream): void {
    this.#open.add(stream);
    stream.look(performance.now());
    this.#timer ??= setInterval(() => this.#look(), STREAMS_LOOK_MS).unref();
  }

  delete(stream: OpenStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Ends all that are open, and takes no more. */
  stop(): void {
    this.#isStopped = true;
    for (const stream of this.#open) stream.stop();
  }

  #look(): void {
    const nowMs = performance.now();
    for (const stream of this.#open) stream.look(nowMs);
  }
}

export function nodeStopping(): ClusterError {
  return new ClusterError('no-quorum', 'The node stops: go on at another one', {
    reason: 'NODE_STOPPING',
  });
}

export function slowReader(): ClusterError {
  return new ClusterError('overloaded', 'The client has taken no message for too long', {
    reason: 'SLOW_READER',
  });
}
