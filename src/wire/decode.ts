import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { assert, equal } from '../common/index.js';

/** The codec that ts-proto generates for a message. */
export interface MessageType<T> {
  encode(message: T, writer?: BinaryWriter): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** Longer messages are few, and their memory is not kept. */
const KEPT_BYTES_MAX = 65_536;
/**
 * Writes one message after another into memory that is made once: most of the time of a new writer goes into growing. It
 * never writes what is secret, which has {@link encodeSecret}.
 */
let shared = new BinaryWriter();

/** The bytes of `message`: fields in order of number, defaults left out. */
export function encode<T>(type: MessageType<T>, message: T): Uint8Array {
  const writer = shared;
  // A writer that throws is left with half a message, and is not used again.
  shared = new BinaryWriter();
  const bytes = type.encode(message, writer).finish();
  if (bytes.length <= KEPT_BYTES_MAX) shared = writer;
  return bytes;
}

/**
 * Reads one message, or gives `undefined` for bytes that are not exactly what our own encoder would write: unknown
 * fields, repeated scalars, invalid UTF-8 and every other second spelling of the same thing included. Never throws.
 */
export function decode<T>(type: MessageType<T>, bytes: Uint8Array): T | undefined {
  try {
    const message = type.decode(bytes);
    return equal(encode(type, message), bytes) ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Room for a secret message, unless its caller says how long it can be. */
const SECRET_BYTES_MAX = 16_384;
const ZEROS = new Uint8Array(SECRET_BYTES_MAX);

function zeros(count: number): Uint8Array {
  return count <= ZEROS.length ? ZEROS.subarray(0, count) : new Uint8Array(count);
}

/**
 * As {@link encode}, for a message that is a secret: what is returned is the only copy.
 *
 * @param bytesMax - The longest that the message can be.
 */
export function encodeSecret<T>(
  type: MessageType<T>,
  message: T,
  bytesMax: number = SECRET_BYTES_MAX,
): Uint8Array {
  const writer = new BinaryWriter();
  const blank = zeros(bytesMax);
  // Grows the writer's memory once, before there is a secret in it: memory that it outgrew would keep a copy.
  writer.raw(blank).finish();
  type.encode(message, writer);
  const bytes = writer.finish();
  assert(bytes.length <= bytesMax, 'a secret message is as long as its caller says');
  // Written over, from the beginning.
  writer.raw(blank);
  return bytes;
}

/** As {@link decode}, for bytes that are secret. Byte fields are views of `bytes`: wiping those wipes them. */
export function decodeSecret<T>(
  type: MessageType<T>,
  bytes: Uint8Array,
  bytesMax: number = SECRET_BYTES_MAX,
): T | undefined {
  if (bytes.length > bytesMax) return undefined;
  try {
    const message = type.decode(bytes);
    const again = encodeSecret(type, message, bytesMax);
    const same = equal(again, bytes);
    again.fill(0);
    return same ? message : undefined;
  } catch {
    return undefined;
  }
}
