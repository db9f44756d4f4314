import type { Socket } from 'node:net';
import type { Millis } from '../../common/index.js';
import type { Identity, RevocationName } from '../../identity/index.js';
import {
  ANSWER_FRAMES_BYTES_MAX,
  CALL_FRAMES_BYTES_MAX,
  CLIENT_MESSAGE_BYTES_MAX,
  FRAMES_BYTES_BURST,
  FRAMES_BYTES_PER_SECOND,
  MESSAGE_FRAMES_BYTES_MAX,
  RESETS_BURST,
  RESETS_PER_SECOND,
} from '../limits.js';

/**
 * One connection, and an account of what came over it. Calls pay for their bytes; what is left over are frames that ask
 * for nothing (PING, SETTINGS, WINDOW_UPDATE, PRIORITY, resets, headers that were refused), and no client needs many
 * of those. HTTP/2 has many kinds of them, and Node shows few, but all of them have bytes.
 */
export class Connection {
  readonly address: string;
  /** SPIFFE id of the last caller over it, for the log. */
  caller: string | undefined;
  /** By the certificate of the far end, which is the same as long as the connection lasts; `null` for one that names nobody. */
  identity: Identity | null | undefined;
  /** Of the certificates at the far end, once TLS has verified them: the names under which they are revoked. */
  names: readonly RevocationName[] = [];
  readonly #socket: Socket;
  readonly #sinceMs: Millis;
  #paidBytes = FRAMES_BYTES_BURST;
  #openCalls = 0;
  #unasked = 0;

  constructor(socket: Socket, address: string, nowMs: Millis) {
    this.#socket = socket;
    this.address = address;
    this.#sinceMs = nowMs;
  }

  /** A stream is open, and no request has come on it yet. */
  streamOpened(): void {
    this.#unasked += 1;
  }

  /** The stream asked for something, and was not just opened and reset. */
  requestCame(): void {
    this.#unasked -= 1;
  }

  callBegan(caller: string, headerBytes: number): void {
    this.caller = caller;
    this.#openCalls += 1;
    this.#paidBytes += headerBytes + CALL_FRAMES_BYTES_MAX;
  }

  messageArrived(bytes: number): void {
    this.#paidBytes += bytes + MESSAGE_FRAMES_BYTES_MAX;
  }

  /** A large answer makes its reader say again and again that there is room for more. */
  answered(): void {
    this.#paidBytes += ANSWER_FRAMES_BYTES_MAX;
  }

  callEnded(): void {
    this.#openCalls -= 1;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /**
   * Claims that more came than its calls account for. A call that is open may have sent all of a message. Streams that
   * were reset before they asked for anything count by themselves: HTTP/2 gives such a connection up, but leaves it open.
   */
  isFlood(nowMs: Millis): boolean {
    const seconds = (nowMs - this.#sinceMs) / 1000;
    const open = this.#openCalls * CLIENT_MESSAGE_BYTES_MAX;
    const bytes = this.#paidBytes + open + seconds * FRAMES_BYTES_PER_SECOND;
    return this.#socket.bytesRead > bytes || this.isReset(nowMs);
  }

  /** Claims that more streams ended, or are open, without a request than a client has a use for. */
  isReset(nowMs: Millis): boolean {
    const seconds = (nowMs - this.#sinceMs) / 1000;
    return this.#unasked > RESETS_BURST + seconds * RESETS_PER_SECOND;
  }

  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  cut(): void {
    this.#socket.destroy();
  }
}
