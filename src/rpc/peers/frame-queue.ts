import {
  FRAME_BYTES_MAX,
  FRAME_MESSAGES_MAX,
  QUEUED_BYTES_MAX,
  QUEUED_MESSAGES_MAX,
} from '../limits.js';
import { bytesInFrame } from './frame.js';

/** The messages that wait to leave on one stream, oldest first, and how they fit into frames. */
export class FrameQueue {
  #messages: Uint8Array[] = [];
  /** Of all of them, in frames. */
  #bytes = 0;

  get count(): number {
    return this.#messages.length;
  }

  /** Tags and lengths included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns Whether there was room. */
  push(message: Uint8Array): boolean {
    const bytes = this.#bytes + bytesInFrame(message);
    if (this.#messages.length >= QUEUED_MESSAGES_MAX || bytes > QUEUED_BYTES_MAX) return false;
    this.#messages.push(message);
    this.#bytes = bytes;
    return true;
  }

  /** Claims that one frame holds all that waits, and so much more. */
  fitsWith({ count, bytes }: Pick<FrameQueue, 'count' | 'bytes'>): boolean {
    return this.count + count <= FRAME_MESSAGES_MAX && this.#bytes + bytes <= FRAME_BYTES_MAX;
  }

  /** Takes as many as one frame holds, and no more than `max`; one at least where there is one. */
  takeFrame(max: number): readonly Uint8Array[] {
    let [count, bytes] = [0, 0];
    for (const message of this.#messages.slice(0, max)) {
      const more = bytes + bytesInFrame(message);
      if (count > 0 && more > FRAME_BYTES_MAX) break;
      bytes = more;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#messages.splice(0, count);
  }

  takeAll(): readonly Uint8Array[] {
    const taken = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return taken;
  }
}
