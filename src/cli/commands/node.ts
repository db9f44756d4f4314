import { Command, Option } from 'commander';
import { once } from 'node:events';
import { ClusterError, nodeId, wordsOf } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import { Node, SETTINGS } from '../../node/index.js';
import type { NodeConfig } from '../../node/index.js';
import { guardMemory, jsonLogger } from '../../machine/index.js';
import type { Logger } from '../../ports/index.js';
import { readToNode } from '../dev/channel.js';
import type { FromNode } from '../dev/channel.js';
import { watchSelf } from '../dev/watch.js';
import type { Watched } from '../dev/watch.js';
import { Ended, EXIT, exitOf } from '../exit-codes.js';
import { nodeConfig } from '../node-config.js';
import type { CommandContext } from '../command-context.js';
import { nodeEnrollCommand } from './node-enroll.js';
import { nodeInitCommand } from './node-init.js';

/** `quorate node`: one node, in the foreground. */
export function nodeCommand(context: CommandContext): Command {
  const command = new Command('node')
    .description(
      'Runs one node in the foreground until SIGTERM or Ctrl-C. ' +
        'Its log goes to standard error, one JSON object per line; so does the reason when it cannot start or go on.',
    )
    .enablePositionalOptions()
    .addCommand(nodeInitCommand(context))
    .addCommand(nodeEnrollCommand(context))
    .option('--json', 'print that reason also on standard output, as other commands print an error')
    .option('-c, --config <file>', 'its configuration, YAML [QUORATE_CONFIG]')
    .addOption(new Option('--supervised', 'started by quorate dev').hideHelp());
  const attributes = SETTINGS.map((setting) => {
    const fallback = setting.fallback === undefined ? '' : ` (default: ${setting.fallback})`;
    const option = new Option(
      `${setting.flag} <${setting.value}>`,
      `${setting.meaning} [${setting.environment}]${fallback}`,
    ).helpGroup('Settings (a flag wins over its variable, a variable over the file):');
    command.addOption(option);
    return { path: setting.path, attribute: option.attributeName() };
  });
  return command
    .addHelpText(
      'after',
      `
Examples:
  quorate certs init --out cluster                       makes all that three nodes need
  quorate node --config cluster/node-1/node.yaml
  QUORATE_CLIENT_LISTEN=0.0.0.0:8400 quorate node --config node.yaml`,
    )
    .action(async (options: Readonly<Record<string, string | boolean | undefined>>) => {
      const flags = attributes.map(({ path, attribute }) => [path, text(options[attribute])]);
      let logger = jsonLogger('info', {}, { write: (line) => context.err(line.trimEnd()) });
      try {
        const config = nodeConfig(context, text(options['config']), Object.fromEntries(flags));
        logger = jsonLogger(config.logLevel, { node: config.nodeId });
        const run = options['supervised'] === true ? superviseNode : runNode;
        await run(config, context, logger);
      } catch (error) {
        logFailure(logger, error);
        throw options['json'] === true ? error : new Ended(exitOf(error));
      }
    });
}

/** The last line of a node's log, where whoever collects it finds the reason. */
function logFailure(logger: Logger, error: unknown): void {
  const [code, reason] =
    error instanceof ClusterError ? [error.code, error.reason] : ['internal', 'INTERNAL'];
  logger.error('The node cannot run', { code, reason, error: wordsOf(error) });
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Opens a node in a process that does not show its memory. */
function openNode(
  config: NodeConfig,
  { environment }: CommandContext,
  logger: Logger,
): Promise<Node> {
  guardMemory(logger, () => process.exit(EXIT.failure));
  return Node.open(config, logger, environment);
}

/** Runs a node by its own configuration until a signal asks it to end. */
async function runNode(config: NodeConfig, context: CommandContext, logger: Logger): Promise<void> {
  const stopped = signalled('SIGTERM', 'SIGINT');
  const reloads = reloading();
  await using node = await openNode(config, context, logger);
  endWith(node, logger);
  await node.listen();
  await node.start(config.peers);
  reloads(node);
  await stopped;
}

/** Has SIGHUP reload the node that is given later. Without a listener the signal would end a process whose node starts. */
function reloading(): (started: Node) => void {
  let node: Node | undefined;
  process.on('SIGHUP', () => void node?.reload());
  return (started) => void (node = started);
}

/** Resolves at the first of these signals. Later ones change nothing: without a listener they would end a node that drains. */
function signalled(...signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve());
  });
}

/** Ends the process, at once and with an error, when the node cannot go on: nothing more may be written. */
function endWith(node: Node, logger: Logger): void {
  node.failed.catch((error: unknown) => {
    logFailure(logger, error);
    process.exit(exitOf(error));
  });
}

/** Runs a node that another process started: that one says where the others are, and this node ends when it does. */
async function superviseNode(
  config: NodeConfig,
  context: CommandContext,
  logger: Logger,
): Promise<void> {
  const stopped = Promise.race([signalled('SIGTERM'), once(process, 'disconnect')]);
  const reloads = reloading();
  try {
    await using node = await openNode(config, context, logger);
    endWith(node, logger);
    tell({ type: 'listening', ...(await node.listen()) });
    const peers = await Promise.race([introduction(), stopped]);
    if (!(peers instanceof Map)) return;
    await node.start(peers);
    reloads(node);
    answerWatch(node);
    await stopped;
  } catch (error) {
    const reason = error instanceof ClusterError ? error.reason : 'INTERNAL';
    tell({
      type: 'failed',
      reason,
      message: String(error instanceof Error ? error.message : error),
    });
    throw error;
  } finally {
    // An open channel would keep the process alive.
    if (process.connected) process.disconnect();
  }
}

function tell(message: FromNode): void {
  if (process.connected) process.send?.(message);
}

/** Says what this process measured of itself, whenever it is asked. */
function answerWatch(node: Node): void {
  // The monitor wakes the process up hundreds of times a second: a node that is not measured has none.
  let watched: (() => Watched) | undefined;
  process.on('message', (message) => {
    if (readToNode(message)?.type === 'watch')
      tell({ type: 'watched', ...(watched ??= watchSelf(() => node.counts()))() });
  });
}

async function introduction(): Promise<ReadonlyMap<NodeId, string>> {
  for (;;) {
    const [message] = await once(process, 'message');
    const heard = readToNode(message);
    if (heard?.type === 'start') {
      return new Map(Object.entries(heard.peers).map(([id, at]) => [nodeId(id), at]));
    }
  }
}
