import type { SecureContext } from 'node:tls';
import type { Alarms } from '../../alarms/index.js';
import { ClusterError } from '../../common/index.js';
import type { Boot, Millis, NodeId } from '../../common/index.js';
import type { Identity, RevocationName } from '../../identity/index.js';
import type { Channel, LogFields, Logger } from '../../ports/index.js';
import type { LevelWord } from '../../wire/index.js';
import type { Dial } from '../http2/dial.js';
import {
  DIAL_MS_MAX,
  FRAME_MESSAGES_MAX,
  PEER_MESSAGE_BYTES_MAX,
  RECONNECT_MS_MAX,
  RECONNECT_MS_MIN,
} from '../limits.js';
import { answeredHello, helloLevel, packFrame, readsMany, STREAM_PATHS } from './frame.js';
import { FrameQueue } from './frame-queue.js';
import { bootOf, buildOf } from './hello.js';
import { faultOf, LinkFault, silent } from './link-fault.js';
import { LinkLines } from './link-lines.js';
import { dialPeer, revoked } from './peer-dial.js';
import { PeerStream } from './peer-stream.js';

export type PeerLinkParts = {
  readonly peer: NodeId;
  readonly channel: Channel;
  readonly address: string;
  /** For the next connection. */
  readonly secureContext: () => SecureContext;
  readonly isPeer: (server: Identity | undefined) => boolean;
  /** Claims that one of the certificates with these names is revoked. */
  readonly isRevoked: (names: readonly RevocationName[]) => boolean;
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
  /** Messages. */
  readonly sent: number;
  readonly dropped: number;
  /** The frames that carried them, hellos included, and the bytes of these. */
  readonly frames: number;
  readonly bytes: number;
};

/**
 * This node's stream to one peer on one channel: dialled, greeted, kept full, and dialled again when it ends. What is sent
 * until `flush` leaves in as few frames as it fits into.
 */
export class PeerLink {
  readonly #parts: PeerLinkParts;
  readonly #lines = new LinkLines();
  /** The messages that wait for `flush`, or while the stream is full. */
  readonly #queue = new FrameQueue();
  /** The peer reads frames of many messages. */
  #readsMany = false;
  #dial: Dial | undefined;
  #stream: PeerStream | undefined;
  #state: 'idle' | 'dialling' | 'greeting' | 'open' | 'full' | 'stopped' = 'idle';
  #timer: NodeJS.Timeout | undefined;
  #startedMs: Millis = 0;
  #failures = 0;
  #certificateEndMs: Millis | undefined;
  #names: readonly RevocationName[] = [];
  #sent = 0;
  #frames = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(parts: PeerLinkParts) {
    this.#parts = parts;
  }

  counts(): LinkCounts {
    return {
      open: this.#isOpen(),
      sent: this.#sent,
      dropped: this.#dropped,
      frames: this.#frames,
      bytes: this.#bytes,
    };
  }

  /** The end of the certificate that the peer showed last. */
  get certificateEndMs(): Millis | undefined {
    return this.#certificateEndMs;
  }

  /** The names under which the certificates are revoked that the peer showed last. */
  get certificateNames(): readonly RevocationName[] {
    return this.#names;
  }

  /** Ends the stream if a certificate at its far end has been revoked. */
  cutRevoked(): void {
    if (!this.#parts.isRevoked(this.#names)) return;
    this.#dial?.stop(revoked());
    this.#stream?.cancel(revoked());
  }

  /** Dials, now and whenever the stream has ended, until `stop`. Each attempt has a connection of its own. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'dialling';
    this.#startedMs = performance.now();
    const dial = dialPeer({
      ...this.#parts,
      secureContext: this.#parts.secureContext(),
      isRevoked: (names) => {
        this.#names = names;
        return this.#parts.isRevoked(names);
      },
    });
    this.#dial = dial;
    void this.#opened(dial);
  }

  async #opened(dial: Dial): Promise<void> {
    try {
      const { session, certificate } = await dial.opened;
      this.#certificateEndMs = Date.parse(certificate.valid_to);
      if (this.#dial === dial) this.#greet(session);
      else session.destroy();
    } catch (error) {
      if (this.#dial === dial && this.#stream === undefined) this.#onEnd(faultOf(error));
    }
  }

  /** Takes a message along with the next flush, or drops it: the newest goes when there is no room. */
  send(message: Uint8Array): void {
    const isTaken =
      this.#isOpen() && message.length <= PEER_MESSAGE_BYTES_MAX && this.#queue.push(message);
    if (!isTaken) this.#drop(message.length);
  }

  /** Claims that nothing written before keeps waiting what is written now. */
  get isFlowing(): boolean {
    return this.#state === 'open';
  }

  /** The messages that wait: how many, and the bytes that they take in a frame. */
  get waiting(): Pick<FrameQueue, 'count' | 'bytes'> {
    return this.#queue;
  }

  /** Claims that the next flush sends a frame, and that messages of so many bytes may ride in it. */
  carries(riding: Pick<FrameQueue, 'count' | 'bytes'>): boolean {
    return (
      this.isFlowing && this.#readsMany && this.#queue.count > 0 && this.#queue.fitsWith(riding)
    );
  }

  /** Takes out what waits: another link carries it, and it counts as sent here. */
  takeWaiting(): readonly Uint8Array[] {
    const taken = this.#queue.takeAll();
    this.#sent += taken.length;
    return taken;
  }

  /**
   * Writes what waits, as far as the stream takes it.
   *
   * @param riding - Messages of tasks, for the first frame, which {@link carries} them.
   */
  flush(riding: readonly Uint8Array[] = []): void {
    let carried = riding;
    while (this.isFlowing && this.#queue.count > 0) {
      const own = this.#queue.takeFrame(this.#readsMany ? FRAME_MESSAGES_MAX : 1);
      this.#sent += own.length;
      if (this.#put(packFrame({ own, riding: carried })) === false) this.#state = 'full';
      carried = [];
    }
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    this.#dial?.stop(new LinkFault(undefined, 'stopped'));
    this.#dial = undefined;
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#forget();
  }

  #isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'full';
  }

  #put(frame: Buffer): boolean | undefined {
    this.#frames += 1;
    this.#bytes += frame.length;
    return this.#stream?.write(frame);
  }

  #drop(bytes: number): void {
    this.#dropped += 1;
    if (bytes > PEER_MESSAGE_BYTES_MAX) {
      const { peer, channel, alarms } = this.#parts;
      alarms.raise('A message is too large for any peer', peer, { channel, bytes });
    }
  }

  #greet(session: ConstructorParameters<typeof PeerStream>[0]): void {
    const { channel, hello, peer } = this.#parts;
    this.#state = 'greeting';
    const stream = new PeerStream(session, STREAM_PATHS[channel], peer, {
      message: (answer) => this.#onAnswer(answer),
      drain: () => this.#onDrain(),
      ended: (fault) => {
        if (this.#stream === stream) this.#onEnd(fault);
      },
    });
    this.#stream = stream;
    this.#timer = setTimeout(
      () => stream.cancel(silent(`no hello within ${DIAL_MS_MAX} ms`)),
      DIAL_MS_MAX,
    );
    this.#put(hello);
  }

  #onAnswer(answer: Uint8Array): void {
    const { clusterId, peer } = this.#parts;
    if (this.#state !== 'greeting' || !this.#parts.admits(helloLevel(answer))) return;
    const hello = answeredHello(answer);
    let boot: Boot;
    let build: LevelWord;
    try {
      if (hello === undefined) throw new ClusterError('invalid-request', 'No hello in the answer');
      boot = bootOf(hello, clusterId, peer);
      build = buildOf(hello);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      this.#stream?.cancel(
        new LinkFault('Another node answers at a peer’s address', error.message),
      );
      return;
    }
    clearTimeout(this.#timer);
    this.#state = 'open';
    this.#readsMany = readsMany(build.level);
    const { channel, address, logger } = this.#parts;
    const level = this.#lines.opened() ? 'info' : 'debug';
    logger[level]('A stream to a peer is open', { peer, channel, address });
    this.#parts.opened(boot, build);
  }

  #onDrain(): void {
    if (this.#state !== 'full') return;
    this.#state = 'open';
    this.flush();
  }

  #onEnd(fault: LinkFault): void {
    if (this.#state === 'stopped') return;
    const { peer, channel, address, logger, alarms } = this.#parts;
    clearTimeout(this.#timer);
    const wasOpen = this.#isOpen();
    this.#dial = undefined;
    this.#stream = undefined;
    this.#state = 'idle';
    this.#forget();
    const fields = { channel, address, words: fault.message };
    if (wasOpen) this.#tellEnd(fields);
    else if (fault.kind !== undefined) alarms.raise(fault.kind, peer, fields);
    else logger.debug('A stream to a peer did not begin', { peer, ...fields });
    // An attempt that waited long has been pause enough.
    const livedMs = performance.now() - this.#startedMs;
    this.#failures = livedMs > RECONNECT_MS_MAX ? 0 : this.#failures + 1;
    this.#timer = setTimeout(() => this.start(), reconnectMs(this.#failures));
    if (wasOpen) this.#parts.closed();
  }

  #tellEnd(fields: LogFields): void {
    const { peer, logger } = this.#parts;
    const heldBack = this.#lines.ended(performance.now());
    logger[heldBack === undefined ? 'debug' : 'info']('A stream to a peer ended', {
      peer,
      ...fields,
      ...(heldBack !== undefined && heldBack > 0 && { held_back: heldBack }),
    });
  }

  #forget(): void {
    this.#dropped += this.#queue.takeAll().length;
  }
}

/** Doubles from 50 ms to 1 s with each stream that ended soon; the jitter keeps peers from dialling in step. */
function reconnectMs(failures: number): Millis {
  const ms = Math.min(RECONNECT_MS_MIN * 2 ** Math.min(failures, 10), RECONNECT_MS_MAX);
  return ms * (0.5 + Math.random() / 2);
}
