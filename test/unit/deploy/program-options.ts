import type { Command } from 'commander';

/** A call of `quorate`, as a manifest spells it: what the program does not know of it. */
export type Spelled = { readonly command: string; readonly unknown: readonly string[] };

/** Follows the words of a call through the tree of commands. Options stand behind the command that they are of. */
export function optionsOf(program: Command, words: readonly string[]): Spelled {
  let at = program;
  const path: string[] = [];
  const unknown: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('--')) {
      const inner = at.commands.find((each) => each.name() === word);
      if (inner !== undefined) {
        at = inner;
        path.push(word);
      } else if (at.registeredArguments.length === 0) unknown.push(word);
      continue;
    }
    const [flag = ''] = word.split('=');
    const option = at.options.find(({ long, hidden }) => long === flag && !hidden);
    const takesValue = option?.required === true;
    if (option === undefined || takesValue !== hasValue(words, index)) unknown.push(word);
    if (takesValue && !word.includes('=')) index++;
  }
  return { command: path.join(' '), unknown };
}

function hasValue(words: readonly string[], index: number): boolean {
  if (words[index]?.includes('=')) return true;
  const next = words[index + 1];
  return next !== undefined && !next.startsWith('--');
}

/** The value of an option, `--name=value` or `--name value`; empty where it is not there. */
export function pathOf(words: readonly string[], flag: string): string {
  const index = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[index] ?? '';
  if (word.includes('=')) return word.slice(flag.length + 1);
  return index < 0 ? '' : (words[index + 1] ?? '');
}
