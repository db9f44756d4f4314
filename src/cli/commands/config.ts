import { Command } from 'commander';
import { checkConfig } from '../../node/index.js';
import type { ConfigCheck } from '../../node/index.js';
import type { CommandContext } from '../command-context.js';
import { Ended, exitOf } from '../exit-codes.js';
import { nodeConfig } from '../node-config.js';

type Flags = { readonly config?: string; readonly json?: true };

/** `quorate config`: the configuration of a node. */
export function configCommand(context: CommandContext): Command {
  return new Command('config')
    .description('The configuration of a node.')
    .addCommand(checkCommand(context));
}

function checkCommand(context: CommandContext): Command {
  return new Command('check')
    .description(
      'Checks a node’s configuration and what it names as a start does, without starting: every setting, the genesis, the ' +
        'certificate with its key, the node key and the identity that it opens. It takes no lock and binds no port, so the ' +
        'node may run. Stores are not opened, and nobody is dialled.',
    )
    .option('-c, --config <file>', 'the node’s configuration, YAML [QUORATE_CONFIG]')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate config check --config node.yaml     before a restart: what is wrong would keep the node from starting`,
    )
    .action(async (flags: Flags) => {
      const config = nodeConfig(context, flags.config);
      const checks = await checkConfig(config, context.environment);
      const wrong = checks.find(({ state }) => state === 'wrong');
      if (flags.json) {
        const shown = checks.map(({ what, state, words }) => ({ what, state, words }));
        const ok = wrong === undefined;
        context.out(JSON.stringify({ node_id: config.nodeId, ok, checks: shown }));
      } else {
        for (const line of linesOf(checks)) context.out(line);
      }
      if (wrong !== undefined) throw new Ended(exitOf(wrong.error));
    });
}

function linesOf(checks: readonly ConfigCheck[]): readonly string[] {
  const width = Math.max(...checks.map(({ state }) => state.length));
  const nameWidth = Math.max(...checks.map(({ what }) => what.length));
  return checks.map(({ what, state, words }) => {
    return `${state.padEnd(width)}  ${what.padEnd(nameWidth)}  ${words}`;
  });
}
