import type { Command } from 'commander';

/** The flags of an operator's order, which changes the cluster for all. */
export type OrderFlags = {
  readonly json?: true;
  readonly yes?: true;
  readonly requestId?: string;
};

export function addOrderOptions(command: Command): Command {
  return command
    .option('--yes', 'really do it')
    .option('--request-id <id>', 'makes a repetition harmless (default: a fresh one)')
    .option('--json', 'print one JSON object');
}
