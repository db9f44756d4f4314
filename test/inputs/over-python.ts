import { Metadata } from '@grpc/grpc-js';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Answer, Call, Case, Transport } from './case.js';
import { ANSWER_MS_MAX } from './case.js';
import { whyNotByLibrary } from './over-grpc-js.js';
import { answerOf } from './over-http2.js';

// Compiled tests stand in dist/test/inputs.
const DRIVER = fileURLToPath(new URL('../../../test/inputs/driver.py', import.meta.url));

type Line = {
  readonly code: number;
  readonly message: string;
  readonly trailers: readonly (readonly [string, string])[];
  readonly response: string | null;
};

/** gRPC's C core, the library under Python, Ruby, PHP and C++: one process that makes one call after the other. */
export class OverPython implements Transport {
  readonly name = 'Python';
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string) {
    this.#process = spawn(python, [DRIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  cannot(call: Case): string | undefined {
    if (call.as === 'TLS 1.2') return 'Python’s gRPC has no setting for the version of TLS';
    // nghttp2 answers with GOAWAY COMPRESSION_ERROR, and the core waits for its own deadline: nobody has a code.
    if (call.metadata?.some(([, value]) => value.length > 65_536) === true)
      return 'gRPC’s C core does not compress headers, and a longer one is none in HTTP/2';
    if (call.timeoutMs === 0) return 'gRPC’s C core makes a deadline of 1 ms of it, which is one';
    return whyNotByLibrary(call);
  }

  async call(call: Call): Promise<Answer> {
    const { address, speaks, tls, path, packed = false, timeoutMs = ANSWER_MS_MAX } = call;
    const messages = (call.messages ?? []).map(base64);
    const metadata = (call.metadata ?? []).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : { bytes: base64(value) },
    ]);
    this.#process.stdin.write(
      `${JSON.stringify({ address, speaks, tls, path, packed, timeoutMs, messages, metadata })}\n`,
    );
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The Python process ended');
    const answer = JSON.parse(line.value) as Line;
    const trailers = new Metadata();
    for (const [key, value] of answer.trailers) {
      const bytes = Buffer.from(value, 'base64');
      trailers.add(key, key.endsWith('-bin') ? bytes : bytes.toString('latin1'));
    }
    const response = answer.response === null ? undefined : Buffer.from(answer.response, 'base64');
    return answerOf({
      code: answer.code,
      message: answer.message,
      metadata: trailers,
      response: response && new Uint8Array(response),
    });
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin.end();
    await ended;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
