import type { Socket } from 'node:net';
import type { Millis } from '../../common/index.js';
import {
  CALL_FRAMES_BYTES_MAX,
  CLIENT_MESSAGE_BYTES_MAX,
  FRAMES_BYTES_BURST,
  FRAMES_BYTES_PER_SECOND,
  MESSAGE_FRAMES_BYTES_MAX,
} from '../limits.js';

/**
 * One connection, and an account of what came over it. Calls pay for their bytes; what is left over are frames that ask
 * for nothing (PING, SETTINGS, WINDOW_UPDATE, PRIORITY, resets, headers that were refused), and of those nobody
 * needs many. HTTP/2 has many kinds of them, and Node shows few, but all of them have bytes.
 */
export class Visit {
  readonly address: string;
  /** SPIFFE id of whom the last call over it came from, for the log. */
  caller: string | undefined;
  readonly #socket: Socket;
  readonly #sinceMs: Millis;
  #paidBytes = FRAMES_BYTES_BURST;
  #openCalls = 0;

  constructor(socket: Socket, address: string, nowMs: Millis) {
    this.#socket = socket;
    this.address = address;
    this.#sinceMs = nowMs;
  }

  callBegan(caller: string): void {
    this.caller = caller;
    this.#openCalls += 1;
    this.#paidBytes += CALL_FRAMES_BYTES_MAX;
  }

  messageArrived(bytes: number): void {
    this.#paidBytes += bytes + MESSAGE_FRAMES_BYTES_MAX;
  }

  callEnded(): void {
    this.#openCalls -= 1;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Claims that more came than its calls account for. A call that is open may have sent all of a message. */
  isFlood(nowMs: Millis): boolean {
    const free = ((nowMs - this.#sinceMs) / 1000) * FRAMES_BYTES_PER_SECOND;
    const open = this.#openCalls * CLIENT_MESSAGE_BYTES_MAX;
    return this.#socket.bytesRead > this.#paidBytes + open + free;
  }

  cut(): void {
    this.#socket.destroy();
  }
}
