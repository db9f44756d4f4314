import { run } from '../../../src/cli/index.js';
import type { CommandContext } from '../../../src/cli/index.js';

/** What one run of `quorate` printed, and its exit status. */
export type Ran = { readonly status: number; readonly out: string; readonly err: string };

/** CommandContext that keep what is printed. */
export function fakeContext(
  given: Partial<CommandContext> & { readonly stdin?: Uint8Array } = {},
): { readonly context: CommandContext; readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const context: CommandContext = {
    environment: {},
    folder: '/nowhere',
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    outBytes: (bytes) => void out.push(Buffer.from(bytes).toString('latin1')),
    outputIsTerminal: false,
    inputIsTerminal: false,
    async *input() {
      yield given.stdin ?? new Uint8Array();
    },
    program: 'quorate',
    ...given,
  };
  return { context, out, err };
}

/** Runs `quorate` in this process. */
export async function quorate(
  argv: readonly string[],
  given: Parameters<typeof fakeContext>[0] = {},
): Promise<Ran> {
  const { context, out, err } = fakeContext(given);
  const status = await run(argv, context);
  return { status, out: out.join('\n'), err: err.join('\n') };
}
