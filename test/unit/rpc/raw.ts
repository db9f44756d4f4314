import { connect } from 'node:http2';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { TlsFiles } from '../../../src/rpc/index.js';

/** gRPC's framing of one message: not compressed, length, bytes. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** One call by plain HTTP/2, with whatever headers and body. @returns The headers that carry the status. */
export function rawCall(
  address: string,
  tls: TlsFiles,
  path: string,
  body: Uint8Array,
  headers: OutgoingHttpHeaders = {},
  end: 'ended' | 'left open' = 'ended',
): Promise<IncomingHttpHeaders> {
  const session = connect(`https://${address}`, {
    ...tls,
    checkServerIdentity: () => undefined,
    servername: 'localhost',
  });
  return new Promise<IncomingHttpHeaders>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let last: IncomingHttpHeaders = {};
    stream.on('response', (each) => (last = { ...last, ...each }));
    stream.on('trailers', (each: IncomingHttpHeaders) => (last = { ...last, ...each }));
    stream.on('error', reject);
    // The server's side is over; ours may still be open.
    stream.on('end', () => resolve(last));
    stream.resume();
    stream.write(body);
    if (end === 'ended') stream.end();
  }).finally(() => session.destroy());
}
