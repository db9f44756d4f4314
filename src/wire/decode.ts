import { equal } from '../common/index.js';

/** What ts-proto generates for a message, as far as bytes go. */
export interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
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
