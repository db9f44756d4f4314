import type { Command } from 'commander';

/** The words that a person typed, as the command that they name takes them. */
export type Call = {
  /** The words, with a `--json` that stood before the command behind it. */
  readonly argv: readonly string[];
  /** Whether the caller reads JSON. It is known also where the rest of the words is wrong. */
  readonly json: boolean;
  /** The words after `quorate` that name the command, each with a space. */
  readonly path: string;
};

const JSON_FLAG = '--json';

/** Finds the command in `argv`, and whether the caller wants JSON, without reading anything else. */
export function callOf(program: Command, argv: readonly string[]): Call {
  let command = program;
  let before = false;
  const path: string[] = [];
  const kept: string[] = [];
  const rest = [...argv];
  while (command.commands.length > 0 && rest.length > 0) {
    const [word = ''] = rest;
    if (word === JSON_FLAG) {
      before = true;
      rest.shift();
      continue;
    }
    const inner = command.commands.find((each) => each.name() === word);
    if (inner === undefined) break;
    command = inner;
    path.push(word);
    kept.push(word);
    rest.shift();
  }
  const takesIt = before && command.options.some(({ long }) => long === JSON_FLAG);
  return {
    argv: [...kept, ...(takesIt ? [JSON_FLAG] : []), ...rest],
    json: before || isFlagGiven(command, rest),
    path: path.map((word) => `${word} `).join(''),
  };
}

/** Whether `--json` is a flag among the words, and not the value of another flag. */
function isFlagGiven(command: Command, words: readonly string[]): boolean {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === JSON_FLAG) return true;
    if (word === '--') return false;
    const option = command.options.find(({ long, short }) => word === long || word === short);
    if (option?.required) at++;
  }
  return false;
}
