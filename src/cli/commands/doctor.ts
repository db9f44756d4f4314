import { Command } from 'commander';
import type { Finding } from '../../node/index.js';
import { wordsOf } from '../../common/index.js';
import type { CommandContext } from '../command-context.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { examineClient } from '../examine-client.js';
import { Ended, EXIT } from '../exit-codes.js';
import { nodeConfig } from '../node-config.js';

type Flags = ConnectionFlags & { readonly config?: string; readonly json?: true };

/** `quorate doctor`: what is wrong with a node or a client's set-up, and what to do. */
export function doctorCommand(context: CommandContext): Command {
  const command = new Command('doctor')
    .description(
      'Says in one page what is wrong with a node, where --config names one, or else with a client’s set-up, and what to do: files and ' +
        'their modes, certificates, clocks, addresses, disk, stores. It writes nothing and takes no lock, so the node may run; no ' +
        'secret is shown. Ends with status 1 when something is wrong.',
    )
    .option('-c, --config <file>', 'the node’s configuration, YAML [QUORATE_CONFIG]')
    .option('--json', 'print one JSON object: {"ok", "findings": [...]}');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate doctor                              the set-up of this client, and the nodes that it names
  quorate doctor --config node-1/node.yaml    a node, on its own machine and as its own user`,
    )
    .action(async (flags: Flags) => {
      const file = flags.config ?? (context.environment['QUORATE_CONFIG'] || undefined);
      const findings =
        file === undefined
          ? await examineClient(flags, context)
          : await nodeFindings(file, context);
      const wrong = findings.filter(({ state }) => state === 'wrong');
      if (flags.json) {
        const shown = findings.map(({ what, state, words, advice }) => {
          return { what, state, words, advice };
        });
        context.out(JSON.stringify({ ok: wrong.length === 0, findings: shown }));
      } else {
        for (const [line, style] of linesOf(findings)) context.out(line, style);
      }
      if (wrong.length > 0) throw new Ended(EXIT.failure);
    });
}

async function nodeFindings(file: string, context: CommandContext): Promise<readonly Finding[]> {
  try {
    // A client needs nothing of what a node loads.
    const { examineNode } = await import('../../node/index.js');
    return await examineNode(nodeConfig(context, file), context.environment);
  } catch (error) {
    const advice = 'every setting is in docs/reference/settings.md';
    return [{ what: 'config', state: 'wrong', words: wordsOf(error), advice }];
  }
}

const STYLES = {
  right: undefined,
  warning: 'yellow',
  wrong: 'red',
  'not looked at': 'dim',
} as const;

function linesOf(
  findings: readonly Finding[],
): readonly (readonly [string, 'yellow' | 'red' | 'dim' | undefined])[] {
  const width = Math.max(...findings.map(({ state }) => state.length));
  const nameWidth = Math.max(...findings.map(({ what }) => what.length));
  const indent = ' '.repeat(width + nameWidth + 4);
  return findings.flatMap(({ what, state, words, advice }) => {
    const line = `${state.padEnd(width)}  ${what.padEnd(nameWidth)}  ${words}`;
    const told = [[line, STYLES[state]] as const];
    return advice === undefined ? told : [...told, [`${indent}-> ${advice}`, undefined] as const];
  });
}
