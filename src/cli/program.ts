import { Command } from 'commander';
import { VERSION } from '../node/index.js';
import { benchCommand } from './commands/bench.js';
import { certsCommand } from './commands/certs.js';
import { clusterCommand } from './commands/cluster.js';
import { devCommand } from './commands/dev.js';
import { keysCommand } from './commands/keys.js';
import { nodeCommand } from './commands/node.js';
import { signCommand } from './commands/sign.js';
import { tasksCommand } from './commands/tasks.js';
import { verifyBlameCommand } from './commands/verify-blame.js';
import { verifyCommand } from './commands/verify.js';
import { EXIT, report } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import type { CommandContext } from './command-context.js';

/** Runs `quorate` with these arguments and gives its exit status. Never throws. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    await buildProgram(context).parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return report(error, context);
  }
}

/** The tree of all commands. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('quorate')
    .description('A threshold signing cluster: keys that are never in one place.')
    .version(VERSION, '--version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .addCommand(devCommand(context))
    .addCommand(keysCommand(context))
    .addCommand(signCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(verifyBlameCommand(context))
    .addCommand(tasksCommand(context))
    .addCommand(clusterCommand(context))
    .addCommand(certsCommand(context))
    .addCommand(nodeCommand(context))
    .addCommand(benchCommand(context))
    .addHelpText(
      'after',
      `
A first walk:
  quorate dev                                   three nodes on this machine, until Ctrl-C
  quorate keys generate demo                    in another terminal: a key, in three shares
  quorate sign demo --message hello             two of the three sign
  quorate verify demo --message hello --signature <hex>

Every command takes --json, prints data on standard output and everything else on standard error.
Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 unavailable (try again).`,
    );
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .showHelpAfterError(`See: quorate ${pathOf(command)}--help`)
      .configureOutput({
        writeOut: (text) => context.out(text.trimEnd()),
        writeErr: (text) => context.err(text.trimEnd()),
        outputError: (text, write) => write(text.replace(/^error: /, 'quorate: ')),
      });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** The words after `quorate` that name this command, each with a space. */
function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)}${command.name()} `;
}
