import { readFileSync } from 'node:fs';

import { parseScript, type Script } from './script.js';

/** What the simulator is asked to do: `--replay FILE` brings the options and the seed of its script. */
export function argumentsOf(given: readonly string[]): {
  readonly args: string[];
  readonly script: Script | undefined;
} {
  const at = given.indexOf('--replay');
  const file = at < 0 ? undefined : given[at + 1];
  if (file === undefined) return { args: [...given], script: undefined };
  const script = parseScript(readFileSync(file, 'utf8'));
  return { args: [...given, ...script.options, '--seed', String(script.seed)], script };
}
