import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { equal } from '../common/index.js';

/** What ts-proto generates for a message, as far as bytes go. */
export interface MessageType<T> {
  encode(message: T, writer?: BinaryWriter): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** The bytes of `message`: fields in order of number, defaults left out. */
export function encode<T>(type: MessageType<T>, message: T): Uint8Array {
  return type.encode(message).finish();
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

/** A writer's own memory for a secret message; a longer one would leave copies behind in what it outgrew. */
const SECRET_BYTES_MAX = 16_384;
const ZEROS = new Uint8Array(SECRET_BYTES_MAX);

/** As {@link encode}, for a message that is a secret: what is returned is the only copy. */
export function encodeSecret<T>(type: MessageType<T>, message: T): Uint8Array {
  const writer = new BinaryWriter();
  // Grows it once, before there is anything in it.
  writer.raw(ZEROS).finish();
  type.encode(message, writer);
  const bytes = writer.finish();
  // Written over, from the beginning.
  writer.raw(ZEROS);
  return bytes;
}

/** As {@link decode}, for bytes that are secret. Byte fields are views of `bytes`: whoever wipes those has wiped them. */
export function decodeSecret<T>(type: MessageType<T>, bytes: Uint8Array): T | undefined {
  if (bytes.length > SECRET_BYTES_MAX) return undefined;
  try {
    const message = type.decode(bytes);
    const again = encodeSecret(type, message);
    const same = equal(again, bytes);
    again.fill(0);
    return same ? message : undefined;
  } catch {
    return undefined;
  }
}
