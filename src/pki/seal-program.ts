import { spawn } from 'node:child_process';
import { ClusterError, printable } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { SecretBytes, wipe } from '../crypto/index.js';

/**
 * A program of the operator's that seals node keys outside of the node: under a key of an HSM, a cloud's KMS, Vault, a TPM.
 * It is called as
 *
 *   PROGRAM wrap     the node key, 32 bytes, on standard input; its wrapped form on standard output
 *   PROGRAM unwrap   that form on standard input; the node key, 32 bytes, on standard output
 *
 * with the node's environment and `QUORATE_NODE_ID`, and ends with status 0. What it writes to standard error is shown when
 * it fails. It runs at the start of a node and when the node key changes, at no other time.
 */
export type SealProgram = { readonly path: string; readonly nodeId: NodeId };

/** An HSM may wait for a person's touch. */
const RUN_MS_MAX = 60_000;
/** An agent that it started in the background, or a command of a script that was killed, may keep its output open. */
const LEFT_OPEN_MS_MAX = 1_000;
const OUTPUT_BYTES_MAX = 16 * 1024;
const COMPLAINT_BYTES_MAX = 1_024;

/**
 * Lets the program wrap a node key.
 *
 * @param key - 32 bytes, the caller's.
 * @throws ClusterError `wrong-state` (`SEAL_PROGRAM`) with what the program said.
 */
export async function wrapKey(
  program: SealProgram,
  key: SecretBytes,
  environment: NodeJS.ProcessEnv,
): Promise<Uint8Array> {
  const wrapped = await run(program, 'wrap', key.bytes, environment);
  if (wrapped.length > 0) return wrapped;
  throw failed(program, 'wrap', 'it wrote nothing');
}

/**
 * Lets the program open a wrapped node key. The caller ends the key's life.
 *
 * @throws ClusterError `wrong-state` (`SEAL_PROGRAM`) with what the program said.
 */
export async function unwrapKey(
  program: SealProgram,
  wrapped: Uint8Array,
  environment: NodeJS.ProcessEnv,
): Promise<SecretBytes> {
  return new SecretBytes(await run(program, 'unwrap', wrapped, environment));
}

function run(
  program: SealProgram,
  action: 'wrap' | 'unwrap',
  input: Uint8Array,
  environment: NodeJS.ProcessEnv,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.path, [action], {
      env: { ...environment, QUORATE_NODE_ID: program.nodeId },
      stdio: 'pipe',
      timeout: RUN_MS_MAX,
      killSignal: 'SIGKILL',
    });
    const [output, complaint]: [Buffer[], Buffer[]] = [[], []];
    let tooLong = false;
    const end = (why: string, cause?: unknown) => {
      wipe(...output);
      reject(failed(program, action, why, cause));
    };
    child.stdout.on('data', (part: Buffer) => {
      output.push(part);
      tooLong = bytesIn(output) > OUTPUT_BYTES_MAX;
      if (tooLong) child.kill('SIGKILL');
    });
    child.stderr.on('data', (part: Buffer) => {
      if (bytesIn(complaint) < COMPLAINT_BYTES_MAX) complaint.push(part);
    });
    child.once('error', (cause) => end('it cannot be run', cause));
    // A program that reads nothing closes its end: that is told by its status.
    child.stdin.once('error', () => undefined);
    child.stdin.end(input);
    let leftOpen: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      leftOpen = setTimeout(() => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      }, LEFT_OPEN_MS_MAX);
    });
    child.once('close', (status, signal) => {
      clearTimeout(leftOpen);
      if (tooLong) end(`it wrote more than ${OUTPUT_BYTES_MAX} bytes`);
      else if (status === 0) {
        // Not a Buffer: those are parts of one pool.
        const whole = new Uint8Array(bytesIn(output));
        let at = 0;
        for (const part of output) {
          whole.set(part, at);
          at += part.length;
        }
        wipe(...output);
        resolve(whole);
      } else end(wordsOfEnd(status, signal, complaint));
    });
  });
}

function wordsOfEnd(
  status: number | null,
  signal: NodeJS.Signals | null,
  complaint: readonly Buffer[],
): string {
  const said = printable(Buffer.concat(complaint).toString('utf8', 0, COMPLAINT_BYTES_MAX).trim());
  const how = signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
  return said === '' ? how : `${how} and said: ${said}`;
}

function bytesIn(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function failed({ path }: SealProgram, action: string, why: string, cause?: unknown): ClusterError {
  return new ClusterError('wrong-state', `node_key.seal_program: ${path} ${action}: ${why}`, {
    reason: 'SEAL_PROGRAM',
    field: 'node_key.seal_program',
    ...(cause === undefined ? {} : { cause }),
  });
}
