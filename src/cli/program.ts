import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { callOf } from './call.js';
import type { Call } from './call.js';
import { printingLines } from './command-context.js';
import type { CommandContext } from './command-context.js';
import { COMMANDS } from './command-table.js';
import type { CommandEntry } from './command-table.js';
import { EXIT, EXIT_HELP, usageError } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { requirePaths } from './path-flags.js';
import { report } from './report.js';

/** Runs `quorate` with these arguments and gives its exit status. Never throws. */
export async function run(argv: readonly string[], given: CommandContext): Promise<ExitCode> {
  const context = printingLines(given);
  const program = await buildProgram(context, argv);
  const call = callOf(program, argv);
  if (call.json) withoutHelp(program);
  try {
    await program.parseAsync([...call.argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, context, call);
    if (error.exitCode === 0) return EXIT.ok;
    // Help in place of an error: a person has it on the screen already.
    if (error.code === 'commander.help' && !call.json) return EXIT.usage;
    const help = `See: quorate ${call.path}--help`;
    return report(usageError(wordsOfCommander(error, call)), context, { json: call.json, help });
  }
}

/**
 * The tree of commands. Of those that `argv` does not name there is only the summary: what they need is not loaded.
 *
 * @param argv - The words after `quorate`. Without them, the tree is whole.
 */
export async function buildProgram(
  context: CommandContext,
  argv?: readonly string[],
): Promise<Command> {
  const program = new Command('quorate')
    .description('A threshold signing cluster: keys that are never in one place.')
    .version(VERSION, '--version', 'print the version')
    // `quorate node` and `quorate node init` have flags of the same names.
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show the help of a command')
    .hook('preAction', (_, command) => requirePaths(command, context.folder))
    .addHelpText(
      'after',
      `
A first walk:
  quorate dev                                   three nodes on this machine, until Ctrl-C
  quorate keys generate demo                    in another terminal: a key, in three shares
  quorate sign demo --message hello             two of the three sign
  quorate verify demo --message hello --signature <hex>

Every command takes --json, prints data on standard output and everything else on standard error.
With --json an error is data too: {"error": {"code", "reason", "message", "facts"}}.
${EXIT_HELP}`,
    );
  for (const entry of [...COMMANDS, COMPLETION]) {
    const wanted = argv === undefined || argv.includes(entry.name);
    program.addCommand(
      wanted ? await loaded(entry, context) : new Command(entry.name).summary(entry.summary),
    );
  }
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => linesOf(text).forEach((line) => context.out(line)),
      writeErr: (text) => linesOf(text).forEach((line) => context.err(line)),
      // Told by `report`, like every other error.
      outputError: () => undefined,
    });
  }
  return program;
}

/** Made of all the others, so it stands apart from their table. */
const COMPLETION: CommandEntry = {
  name: 'completion',
  summary: 'print a script that completes commands in a shell',
  load: async (context) => {
    const { completionCommand } = await import('./commands/completion.js');
    return completionCommand(context, () => buildProgram(context));
  },
};

async function loaded(entry: CommandEntry, context: CommandContext): Promise<Command> {
  const command = (await entry.load(context)).summary(entry.summary);
  for (const inner of command.commands) inner.summary(firstSentence(inner.description()));
  return command;
}

/** A command's line in a list of commands: the rest of its description is in its own help. */
function firstSentence(description: string): string {
  return description.split(/[.:](?:\s|$)/)[0] ?? description;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** Keeps help that is shown in place of an error from a program that reads JSON. */
function withoutHelp(program: Command): void {
  for (const command of everyCommand(program))
    command.configureOutput({ writeErr: () => undefined });
}

function wordsOfCommander({ code, message }: CommanderError, { path }: Call): string {
  if (code === 'commander.help') return `Which command of quorate ${path}`.trimEnd();
  return message.replace(/^error: /, '').replaceAll('\n', ' ');
}
