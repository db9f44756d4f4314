import { run } from '../../../src/cli/index.js';
import type { Surroundings } from '../../../src/cli/index.js';

/** What one run of `quorate` printed, and its exit status. */
export type Ran = { readonly status: number; readonly out: string; readonly err: string };

/** Surroundings that keep what is printed. */
export function fakeSurroundings(
  given: Partial<Surroundings> & { readonly stdin?: Uint8Array } = {},
): { readonly surroundings: Surroundings; readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const surroundings: Surroundings = {
    environment: {},
    folder: '/nowhere',
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    inputIsTerminal: given.stdin === undefined,
    input: async () => given.stdin ?? new Uint8Array(),
    paint: (_, text) => text,
    program: 'quorate',
    ...given,
  };
  return { surroundings, out, err };
}

/** Runs `quorate` in this process. */
export async function quorate(
  argv: readonly string[],
  given: Parameters<typeof fakeSurroundings>[0] = {},
): Promise<Ran> {
  const { surroundings, out, err } = fakeSurroundings(given);
  const status = await run(argv, surroundings);
  return { status, out: out.join('\n'), err: err.join('\n') };
}
