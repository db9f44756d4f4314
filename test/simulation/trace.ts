import { createHash } from 'node:crypto';

/** Everything that happens, folded into one hash: two runs of a seed are the same run exactly when their hashes are. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #print: ((line: string) => void) | undefined;

  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  /** One event; `bytes` go into the hash and, as their length, into the line. */
  event(atMs: number, where: string, what: string, bytes?: Uint8Array): void {
    const line = `${atMs.toFixed(3).padStart(12)} ${where.padEnd(8)} ${what}`;
    this.#hash.update(line);
    if (bytes !== undefined) this.#hash.update(bytes);
    this.#print?.(bytes === undefined ? line : `${line} (${bytes.length} bytes)`);
  }

  /** 16 hex characters. Call it once, at the end. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}
