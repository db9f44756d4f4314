import { Client, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import type { Alarms } from '../../alarms/index.js';
import { ClusterError } from '../../common/index.js';
import type { Boot, Millis, NodeId } from '../../common/index.js';
import type { Channel, Logger } from '../../ports/index.js';
import type { LevelWord } from '../../wire/index.js';
import { answeredHello, helloLevel, STREAM_PATHS, wrapMessage } from './frame.js';
import { bootOf, buildOf } from './hello.js';
import {
  HELLO_MS_MAX,
  PEER_KEEPALIVE_INTERVAL_MS,
  PEER_KEEPALIVE_TIMEOUT_MS,
  PEER_MESSAGE_BYTES_MAX,
  QUEUED_BYTES_MAX,
  QUEUED_MESSAGES_MAX,
  RECONNECT_MS_MAX,
  RECONNECT_MS_MIN,
} from '../limits.js';

export type PeerLinkParts = {
  readonly peer: NodeId;
  readonly channel: Channel;
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly clusterId: string;
  /** This node's hello, framed. */
  readonly hello: Buffer;
  readonly logger: Logger;
  readonly alarms: Alarms;
  /** Claims that a hello which names this level may be read, and counts it where it may not. */
  admits(level: number | undefined): boolean;
  opened(boot: Boot, build: LevelWord): void;
  closed(): void;
};

/** How one channel to one peer has fared since the start. */
export type LinkCounts = {
  readonly open: boolean;
  readonly sent: number;
  readonly dropped: number;
};

type Stream = ClientDuplexStream<Buffer, Uint8Array>;

/** This node's stream to one peer on one channel: dialled, greeted, kept full, and dialled again when it ends. */
export class PeerLink {
  readonly #parts: PeerLinkParts;
  readonly #client: Client;
  /** The messages that wait while the stream is full, oldest first. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #stream: Stream | undefined;
  #state: 'idle' | 'greeting' | 'open' | 'full' | 'stopped' = 'idle';
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #sent = 0;
  #dropped = 0;

  constructor(parts: PeerLinkParts) {
    this.#parts = parts;
    this.#client = new Client(parts.address, parts.credentials, {
      // Channels and peers have connections of their own: one that is full must not delay another.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_MS_MIN,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
      'grpc.dns_min_time_between_resolutions_ms': RECONNECT_MS_MAX,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_channelz': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.keepalive_time_ms': PEER_KEEPALIVE_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': PEER_KEEPALIVE_TIMEOUT_MS,
      // A name for TLS to send in place of the host, which may be an address; the node that was reached is checked by SPIFFE id.
      'grpc.ssl_target_name_override': parts.peer,
      'grpc.default_authority': parts.peer,
    });
  }

  counts(): LinkCounts {
    return { open: this.#isOpen(), sent: this.#sent, dropped: this.#dropped };
  }

  /** Dials, now and whenever the stream has ended, until `stop`. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'greeting';
    const { channel, hello } = this.#parts;
    const stream: Stream = this.#client.makeBidiStreamRequest(
      STREAM_PATHS[channel],
      (frame: Buffer) => frame,
      (answer: Buffer): Uint8Array => answer,
      new Metadata({ waitForReady: true }),
    );
    this.#stream = stream;
    this.#timer = setTimeout(() => stream.cancel(), HELLO_MS_MAX);
    const startedMs = Date.now();
    stream.on('data', (answer: Uint8Array) => this.#onAnswer(stream, answer));
    stream.on('drain', () => this.#onDrain(stream));
    // Every end has a status; an error without a listener would end the process.
    stream.on('error', () => undefined);
    stream.on('status', (status) => this.#onEnd(stream, status, Date.now() - startedMs));
    stream.write(hello);
  }

  /** Sends, or queues, or drops: the newest goes when there is no room. */
  send(message: Uint8Array): void {
    if (!this.#isOpen() || message.length > PEER_MESSAGE_BYTES_MAX) {
      this.#drop(message.length);
      return;
    }
    const frame = wrapMessage(message);
    if (this.#state === 'open') {
      this.#write(frame);
    } else if (
      this.#queue.length < QUEUED_MESSAGES_MAX &&
      this.#queuedBytes + frame.length <= QUEUED_BYTES_MAX
    ) {
      this.#queue.push(frame);
      this.#queuedBytes += frame.length;
    } else {
      this.#drop(message.length);
    }
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#forget();
    this.#client.close();
  }

  #isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'full';
  }

  #write(frame: Buffer): void {
    this.#sent += 1;
    if (this.#stream?.write(frame) === false) this.#state = 'full';
  }

  #drop(bytes: number): void {
    this.#dropped += 1;
    if (bytes > PEER_MESSAGE_BYTES_MAX) {
      const { peer, channel, alarms } = this.#parts;
      alarms.raise('A message is too large for any peer', peer, { channel, bytes });
    }
  }

  #onAnswer(stream: Stream, answer: Uint8Array): void {
    const { channel, clusterId, peer, logger } = this.#parts;
    if (stream !== this.#stream || this.#state !== 'greeting') return;
    if (!this.#parts.admits(helloLevel(answer))) return;
    const hello = answeredHello(answer);
    let boot: Boot;
    let build: LevelWord;
    try {
      if (hello === undefined) throw new ClusterError('invalid-request', 'No hello in the answer');
      boot = bootOf(hello, clusterId, peer);
      build = buildOf(hello);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      logger.warn('Another node than the one that was dialled answers', {
        peer,
        channel,
        words: error.message,
      });
      stream.cancel();
      return;
    }
    clearTimeout(this.#timer);
    this.#state = 'open';
    this.#parts.opened(boot, build);
  }

  #onDrain(stream: Stream): void {
    if (stream !== this.#stream || this.#state !== 'full') return;
    this.#state = 'open';
    let at = 0;
    for (let frame = this.#queue[0]; frame !== undefined; frame = this.#queue[++at]) {
      if (!this.#mayWrite()) break;
      this.#queuedBytes -= frame.length;
      this.#write(frame);
    }
    this.#queue = this.#queue.slice(at);
  }

  #mayWrite(): boolean {
    return this.#state === 'open';
  }

  #onEnd(stream: Stream, status: StatusObject, livedMs: Millis): void {
    if (stream !== this.#stream) return;
    const { peer, channel, logger } = this.#parts;
    clearTimeout(this.#timer);
    const wasOpen = this.#isOpen();
    this.#stream = undefined;
    this.#state = 'idle';
    this.#forget();
    this.#failures = livedMs > RECONNECT_MS_MAX ? 0 : this.#failures + 1;
    const fields = { peer, channel, status: status.code, words: status.details };
    if (wasOpen) logger.info('A stream to a peer ended', fields);
    else logger.debug('A stream to a peer did not begin', fields);
    this.#timer = setTimeout(() => this.start(), reconnectMs(this.#failures));
    if (wasOpen) this.#parts.closed();
  }

  #forget(): void {
    this.#dropped += this.#queue.length;
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}

/** Doubles from 50 ms to 1 s with each stream that ended soon; the jitter keeps peers from dialling in step. */
function reconnectMs(failures: number): Millis {
  const ms = Math.min(RECONNECT_MS_MIN * 2 ** Math.min(failures, 10), RECONNECT_MS_MAX);
  return ms * (0.5 + Math.random() / 2);
}
