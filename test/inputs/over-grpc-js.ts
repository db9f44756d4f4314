import { Client, compressionAlgorithms, credentials, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { createSecureContext } from 'node:tls';
import { seen } from '../unit/rpc/server-fixture.js';
import type { Answer, Call, Case, Transport } from './case.js';
import { ANSWER_MS_MAX } from './case.js';

/** The library that Quorate's own client uses. */
export class OverGrpcJs implements Transport {
  readonly name = 'grpc-js';
  readonly #clients = new Map<string, Client>();

  cannot(call: Case): string | undefined {
    return whyNotByLibrary(call);
  }

  call(call: Call): Promise<Answer> {
    const { path, messages = [], timeoutMs = ANSWER_MS_MAX } = call;
    const client = this.#client(call);
    const metadata = new Metadata();
    for (const [key, value] of call.metadata ?? [])
      metadata.add(key, typeof value === 'string' ? value : Buffer.from(value));
    return new Promise((resolve) => {
      const stream = client.makeClientStreamRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => new Uint8Array(bytes),
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response?: Uint8Array) => resolve(seen(error, response)),
      );
      for (const message of messages) stream.write(message);
      stream.end();
    });
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
  }

  #client(call: Call): Client {
    const place = JSON.stringify([call.address, call.speaks, call.tls, call.packed]);
    const known = this.#clients.get(place);
    if (known !== undefined) return known;
    const client = new Client(call.address, channelOf(call), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.ssl_target_name_override': 'localhost',
      ...(call.packed === true
        ? { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip }
        : {}),
    });
    this.#clients.set(place, client);
    return client;
  }
}

function channelOf({ speaks, tls }: Call): ChannelCredentials {
  if (speaks === 'plain text') return credentials.createInsecure();
  const version = speaks === 'TLS 1.2' ? ({ maxVersion: 'TLSv1.2' } as const) : {};
  return credentials.createFromSecureContext(createSecureContext({ ...tls, ...version }));
}

/** What no gRPC library lets its user say. */
export function whyNotByLibrary(call: Case): string | undefined {
  if (call.bytes !== undefined) return 'a gRPC library frames messages itself';
  if (call.headers !== undefined) return 'a gRPC library sets these headers itself';
  if (call.leftOpen === true) return 'a gRPC library ends a unary request itself';
  if (call.as === 'HTTP/1.1') return 'a gRPC library speaks HTTP/2 only';
  return undefined;
}
