import { Command } from 'commander';
import { moveStore } from '../../node/index.js';
import type { StoreMove } from '../../node/index.js';
import type { MoveStep } from '../../store/index.js';
import type { CommandContext } from '../command-context.js';
import { nodeConfig } from '../node-config.js';

type Flags = { readonly config?: string; readonly json?: true };

/** Shares between two lines of progress. */
const STEP = 1_000;
const WORDS: Readonly<Record<MoveStep, string>> = {
  copy: 'copied',
  verify: 'compared',
  delete: 'deleted in the old store',
};

/** `quorate store`: where a node's key shares are. */
export function storeCommand(context: CommandContext): Command {
  return new Command('store')
    .description('The store of a node’s sealed key shares.')
    .addCommand(migrateCommand(context));
}

function migrateCommand(context: CommandContext): Command {
  return new Command('migrate')
    .description(
      'Moves a node’s key shares into the store that its configuration names, from the one that they are in: from its data ' +
        'directory to MongoDB, or back. The node must not run. All shares are copied, read back and compared before any is ' +
        'deleted; a move that was interrupted goes on when this is called again. Nothing is unsealed: no node key is needed.',
    )
    .option('-c, --config <file>', 'the node’s configuration, YAML [QUORATE_CONFIG]')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate store migrate --config node.yaml     with store.kind: mongodb in it; then start the node
  quorate store migrate --config node.yaml     with store.kind: embedded, and uri and database as they were: back again`,
    )
    .action(async (flags: Flags) => {
      const config = nodeConfig(context, flags.config);
      const moved = await moveStore(config, (step, count) => {
        if (count % STEP === 0) context.err(`${count} key shares ${WORDS[step]}`);
      });
      tell(moved, flags, context);
    });
}

function tell(
  { from, to, shares, copied, deleted }: StoreMove,
  flags: Flags,
  context: CommandContext,
) {
  if (flags.json) {
    context.out(JSON.stringify({ from: from ?? null, to, shares, copied, deleted }));
    return;
  }
  if (copied === 0 && deleted === 0) context.out(`Nothing to move: the key shares are in ${to}`);
  else
    context.out(
      `${copied} key shares copied into ${to} and compared, ${deleted} deleted in ${from ?? 'the old store'}; there are ${shares} now`,
    );
}
