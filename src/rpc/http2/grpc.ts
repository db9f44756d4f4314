import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

/*
 * How a call looks on an HTTP/2 stream, from the side that makes it, without compression
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 */

/** Flag and length before a message (Length-Prefixed-Message). */
export const PREFIX_BYTES = 5;

/** @param path - Full name of the method: `/quorate.v1.KeyService/GetKey`. */
export function callHeaders(authority: string, path: string): OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': authority,
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
  };
}

/** The message behind its prefix. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/**
 * The length of the message that begins in `received`, whether all of it is there or not.
 *
 * @param received - At least {@link PREFIX_BYTES}.
 * @returns `undefined` for a message that says that it is compressed.
 */
export function messageLength(received: Uint8Array): number | undefined {
  return received[0] === 0
    ? new DataView(received.buffer, received.byteOffset).getUint32(1)
    : undefined;
}

/** The words of a status, percent-decoded if they can be. */
export function statusWords({ 'grpc-message': header }: IncomingHttpHeaders): string {
  const text = typeof header === 'string' ? header : '';
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
