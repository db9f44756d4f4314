import { performance } from 'node:perf_hooks';
import { ClusterError, equal, toHex } from '../../src/common/index.js';

/** Something that reads bytes which somebody else wrote. */
export type Decoder = {
  readonly name: string;
  /** Bytes that are right, to begin from. */
  seeds(): readonly Uint8Array[];
  /**
   * Reads bytes in every way that the program does. Says what came of it in few words, the same for all inputs that go the
   * same way. What must not be is a {@link Finding}.
   */
  read(bytes: Uint8Array): string;
};

/** An input that shows a mistake. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** No input may take so long: the machine may be busy, honest ones need far less than a millisecond. */
const SLOW_MS = 2_000;

/** Reads one input, and holds what is true for every decoder. */
export function judge(decoder: Decoder, bytes: Uint8Array): string {
  const before = bytes.slice();
  const start = performance.now();
  let words: string;
  try {
    words = decoder.read(bytes);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Finding(`${decoder.name} threw at ${toHex(before)}: ${what}`, { cause: error });
  }
  const took = performance.now() - start;
  if (took > SLOW_MS) throw new Finding(`${decoder.name} took ${took} ms for ${toHex(before)}`);
  if (!equal(before, bytes)) throw new Finding(`${decoder.name} changed ${toHex(before)}`);
  const own = Object.getOwnPropertyNames(Object.prototype);
  if (own.length !== PROTOTYPE.length || 'polluted' in {})
    throw new Finding(`${decoder.name} changed the prototype of all objects at ${toHex(before)}`);
  return words;
}

const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype);

/** Enough to tell one complaint from another. */
const WORDS_MAX = 28;

/** Runs what may refuse with an error that is part of the contract, and with no other. */
export function refusable(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    // What stands where is told before the colon, and differs from input to input.
    const message = error.message.replace(/ \([^]*/, '');
    const words = message.slice(message.lastIndexOf(': ') + 1);
    return `refused ${error.reason}: ${shapeOf(words).slice(0, WORDS_MAX)}`;
  }
}

/** `words` without what differs from input to input. */
export function shapeOf(words: string): string {
  return words
    .replaceAll(/"[^"]*"/g, '…')
    .replaceAll(/\/[^\s:]+/g, '…')
    .replaceAll(/[0-9a-f]{6,}/g, '…')
    .replaceAll(/\d+/g, '#')
    .replaceAll(/[^ -~…]+/g, '…')
    .slice(0, 120);
}

/** Claims that what was read is written again as it was. */
export function requireSame(written: Uint8Array | undefined, bytes: Uint8Array): void {
  if (written === undefined || !equal(written, bytes))
    throw new Finding(`what was read is written otherwise: ${written && toHex(written)}`);
}
