import type { Command, Option } from 'commander';

/** A command as completion knows it. */
export type CompletedCommand = {
  /** The words after `quorate` that name it, with a slash before each: `/keys/generate`, `` for `quorate` itself. */
  readonly path: string;
  readonly commands: readonly Named[];
  readonly flags: readonly CompletedFlag[];
  /** Words that its first argument can be. */
  readonly words: readonly string[];
};

export type Named = { readonly name: string; readonly summary: string };

export type CompletedFlag = Named & {
  readonly short: string | undefined;
  /** The kind of its value: none, a path, or something that only its reader knows. */
  readonly value: 'none' | 'path' | 'other';
};

/** Help texts write a value that is a path so. */
const PATH = /[<[](file|folder)/;

/** All commands of a program that its help shows, each before those within it. */
export function completedCommands(program: Command, path = ''): readonly CompletedCommand[] {
  const help = program.createHelp();
  const inner = help.visibleCommands(program).filter((each) => each.name() !== 'help');
  return [
    {
      path,
      commands: inner.map((each) => ({ name: each.name(), summary: each.summary() })),
      flags: help.visibleOptions(program).flatMap(flagOf),
      words: program.registeredArguments[0]?.argChoices ?? [],
    },
    ...inner.flatMap((each) => completedCommands(each, `${path}/${each.name()}`)),
  ];
}

function flagOf({ long, short, flags, description, required, optional }: Option): CompletedFlag[] {
  if (long === undefined || long === null) return [];
  const takes = required || optional;
  const value = !takes ? 'none' : PATH.test(flags) ? 'path' : 'other';
  return [{ name: long, short: short ?? undefined, summary: summaryOf(description), value }];
}

/** A shell shows one line. */
function summaryOf(description: string): string {
  return description.replaceAll(/\s+/g, ' ').trim();
}
