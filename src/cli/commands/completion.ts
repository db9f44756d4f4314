import { Argument, Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { completionScript, SHELLS } from '../completion/scripts.js';
import type { Shell } from '../completion/scripts.js';
import { completedCommands } from '../completion/tree.js';

/**
 * `quorate completion`: a script for a shell, made of the commands that there are.
 *
 * @param wholeProgram - Loads the tree of all commands.
 */
export function completionCommand(
  context: CommandContext,
  wholeProgram: () => Promise<Command>,
): Command {
  return new Command('completion')
    .description(
      'Prints a script that completes the commands and flags of quorate in a shell, and paths where a flag takes one.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
It is made of the commands of this release: print it again after an upgrade.

Examples:
  source <(quorate completion bash)                                  in ~/.bashrc
  source <(quorate completion zsh)                                   in ~/.zshrc, after compinit
  quorate completion fish > ~/.config/fish/completions/quorate.fish`,
    )
    .action(async (shell: Shell) => {
      const script = completionScript(shell, completedCommands(await wholeProgram()));
      for (const line of script.trimEnd().split('\n')) context.out(line);
    });
}
