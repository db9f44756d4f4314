import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Alarms } from '../../alarms/index.js';
import { ClusterError } from '../../common/index.js';
import type { Boot, NodeId } from '../../common/index.js';
import type { Channel } from '../../ports/index.js';
import { levelNamed } from '../../wire/index.js';
import type { Hello, LevelWord } from '../../wire/index.js';
import { helloLevel, isFrom, unpackFrame, unwrapHello } from './frame.js';
import { bootOf, buildOf } from './hello.js';
import { HELLO_MS_MAX } from '../limits.js';
import { statusOf } from '../status.js';

/** A stream that a peer has opened: its hello, then messages, one way. */
export class IncomingStream {
  readonly #parts: IncomingStreamParts;
  readonly #helloTimer: NodeJS.Timeout;
  #resumeTimer: NodeJS.Timeout | undefined;
  #state: 'silent' | 'open' | 'closed' = 'silent';

  constructor(parts: IncomingStreamParts) {
    this.#parts = parts;
    const { stream } = parts;
    this.#helloTimer = setTimeout(() => this.fail(silent()), HELLO_MS_MAX);
    stream.on('data', (frame: Uint8Array) => this.#onFrame(frame));
    stream.on('end', () => {
      this.#close();
      stream.end();
    });
    stream.on('cancelled', () => this.#close());
  }

  /** Ends the stream with an error that its peer sees. */
  fail(error: ClusterError): void {
    if (this.#state === 'closed') return;
    const { peer, channel, alarms } = this.#parts;
    alarms.raise('Ended a stream', peer, { channel, reason: error.reason, words: error.message });
    this.end(error);
  }

  /** The same without a line of the log, for an end of which another line tells. */
  end(error: ClusterError): void {
    if (this.#state === 'closed') return;
    this.#close();
    this.#parts.stream.emit('error', statusOf(error));
  }

  #onFrame(frame: Uint8Array): void {
    switch (this.#state) {
      case 'silent':
        return this.#onHello(frame);
      case 'open':
        return this.#onMessages(frame);
      case 'closed':
        return;
    }
  }

  #onHello(frame: Uint8Array): void {
    const { stream, peer, clusterId, answer } = this.#parts;
    // The stream waits for a hello that the cluster's level has.
    if (!this.#parts.admits(helloLevel(frame))) return;
    const hello = unwrapHello(frame);
    if (hello === undefined) {
      this.fail(malformed('A stream begins with a hello'));
      return;
    }
    let boot: Boot;
    try {
      boot = bootOf(hello, clusterId, peer);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      this.fail(error);
      return;
    }
    clearTimeout(this.#helloTimer);
    this.#state = 'open';
    this.#parts.opened(boot, buildOf(hello));
    stream.write({ hello: answer });
  }

  #onMessages(frame: Uint8Array): void {
    const { channel } = this.#parts;
    const messages = unpackFrame(frame, channel);
    if (messages === undefined) {
      this.fail(malformed('After the hello, a stream holds frames of messages'));
      return;
    }
    for (const message of messages.own) this.#take(channel, message);
    for (const message of messages.riding) {
      // The stream of consensus waits for nobody's budget: what rides above it is dropped, and its sender says it again.
      if (this.#parts.mayRide(message.length)) this.#take('tasks', message);
    }
    this.#pace(frame.length, messages.own.length);
  }

  #take(channel: Channel, message: Uint8Array): void {
    // An earlier message of the frame may have ended the stream.
    if (this.#state !== 'open') return;
    const { sender, peer } = this.#parts;
    // Before anything else of it is looked at: a later level may put its fields elsewhere.
    if (!this.#parts.admits(levelNamed(message))) return;
    if (channel === 'raft' && !isFrom(message, sender)) this.fail(forged(peer));
    else this.#parts.receive(channel, message);
  }

  /** Reads no further while the peer has used up its budget: its messages wait with it, and those of others do not. */
  #pace(bytes: number, count: number): void {
    const { stream } = this.#parts;
    const waitMs = this.#parts.waitMs(bytes, count);
    if (waitMs === 0) return;
    stream.pause();
    this.#resumeTimer = setTimeout(() => stream.resume(), waitMs);
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#helloTimer);
    clearTimeout(this.#resumeTimer);
    this.#parts.closed();
  }
}

export type IncomingStreamParts = {
  readonly stream: ServerDuplexStream<Uint8Array, unknown>;
  readonly channel: Channel;
  /** The node that the certificate names, and the same as UTF-8. */
  readonly peer: NodeId;
  readonly sender: Uint8Array;
  readonly clusterId: string;
  readonly answer: Hello;
  readonly alarms: Alarms;
  /** Claims that what names this level may be read, and counts it where it may not. */
  admits(level: number | undefined): boolean;
  opened(boot: Boot, build: LevelWord): void;
  receive(channel: Channel, bytes: Uint8Array): void;
  /** Counts messages of so many bytes. @returns How long the stream is not to be read; 0 for not at all. */
  waitMs(bytes: number, count: number): number;
  /** Counts a message of tasks on the stream of consensus, if the peer has so much left. @returns Whether it has. */
  mayRide(bytes: number): boolean;
  closed(): void;
};

function silent(): ClusterError {
  return new ClusterError('deadline', 'The stream did not begin with a hello in time', {
    reason: 'HELLO_MISSING',
  });
}

function malformed(message: string): ClusterError {
  return new ClusterError('invalid-request', message, { reason: 'INVALID_ENCODING' });
}

function forged(peer: NodeId): ClusterError {
  return new ClusterError('forbidden', `${peer} sent a message in another node's name`, {
    reason: 'SENDER_MISMATCH',
  });
}
