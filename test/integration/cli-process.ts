import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program, as it is installed. */
export const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** What a test waits for anything; the machine may be busy. */
export const PATIENCE_MS = 60_000;

export type Finished = { readonly status: number; readonly out: string; readonly err: string };

/** `quorate` as a process of its own, with no environment but what is given. */
export class QuorateProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  out = '';
  err = '';

  constructor(
    folder: string,
    argv: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(process.execPath, [MAIN, ...argv], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.finished = this.#finish();
  }

  /** The text that `pattern` matches, as soon as it is printed. */
  async printed(stream: 'out' | 'err', pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const source = stream === 'out' ? this.child.stdout : this.child.stderr;
    for (;;) {
      const found = pattern.exec(this[stream])?.[0];
      if (found !== undefined) return found;
      const more = source === null ? this.finished : once(source, 'data', { signal });
      const ended = await Promise.race([more, this.finished]);
      if ('status' in ended && !pattern.test(this[stream]))
        throw new Error(`ended with ${ended.status} before ${String(pattern)}: ${this.err}`);
    }
  }

  async #finish(): Promise<Finished> {
    const [code] = await once(this.child, 'close');
    return { status: Number(code), out: this.out.trimEnd(), err: this.err.trimEnd() };
  }
}

/** Runs `quorate` to its end. */
export function quorate(
  folder: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return new QuorateProcess(folder, argv, environment).finished;
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when `claim` holds; looks often. */
export async function eventually(claim: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await claim())) {
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${String(claim)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
