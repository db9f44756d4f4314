import { Server } from '@grpc/grpc-js';
import type { Metadata, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { serverCredentials } from '../../../src/rpc/tls.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { statusOf } from '../../../src/rpc/status.js';

/** One call as a scripted node received it. */
export type Received = {
  readonly method: string;
  readonly request: Uint8Array;
  readonly metadata: Metadata;
};

/** What it answers: bytes, or an error to be thrown. */
export type Answer = (received: Received) => Promise<Uint8Array>;

/**
 * A gRPC server with a node's certificate that answers whatever its script says: the part of a node whose operator is
 * an attacker. It keeps what it received.
 */
export class ScriptedNode implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly address: string;
  readonly #server: Server;

  private constructor(server: Server, port: number, received: Received[]) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.received = received;
  }

  /** @param script - Answers by the method's full name; whatever has none is UNIMPLEMENTED. */
  static async open(
    tls: TlsFiles,
    script: Readonly<Record<string, Answer>>,
  ): Promise<ScriptedNode> {
    const server = new Server();
    const received: Received[] = [];
    for (const [path, answer] of Object.entries(script)) {
      server.register(
        path,
        (call: ServerUnaryCall<Uint8Array, Uint8Array>, reply: sendUnaryData<Uint8Array>) => {
          const one = { method: path, request: call.request, metadata: call.metadata };
          received.push(one);
          answer(one).then(
            (bytes) => reply(null, bytes),
            (error: unknown) => reply(statusOf(error)),
          );
        },
        (bytes) => Buffer.from(bytes),
        (bytes) => new Uint8Array(bytes),
        'unary',
      );
    }
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', serverCredentials(tls, {}), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new ScriptedNode(server, port, received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}
