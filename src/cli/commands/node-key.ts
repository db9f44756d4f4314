import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ClusterError, codeOf } from '../../common/index.js';
import type { NodeConfig } from '../../node/index.js';
import { isClearKeyFile, keyFileWay, makeNextKey, nextKeyPathOf } from '../../pki/index.js';
import type { CommandContext } from '../command-context.js';
import { usageError } from '../exit-codes.js';
import { nodeConfig } from '../node-config.js';

/** How often a command looks whether the node has changed its key. */
const LOOK_MS = 200;
const WAIT_S_DEFAULT = 600;
const WAIT_S_MAX = 86_400;

type Options = {
  readonly config?: string;
  readonly pid?: number;
  readonly wait: number;
  readonly json?: boolean;
};

/** `quorate node-key`: what seals a node's secrets on its disk. */
export function nodeKeyCommand(context: CommandContext): Command {
  return new Command('node-key')
    .description("The key that seals a node's key shares and its identity key.")
    .addCommand(rotateCommand(context));
}

function rotateCommand(context: CommandContext): Command {
  return new Command('rotate')
    .description(
      'Makes the next node key beside the one in node_key.file. The node takes it at SIGHUP, or when it starts: it wraps all ' +
        'its secrets under the new key while it goes on signing, and then puts the file in the place of the old one.',
    )
    .option('-c, --config <file>', "the node's configuration, YAML [QUORATE_CONFIG]")
    .option(
      '--pid <id>',
      'send the running node SIGHUP, and wait until it has changed its key',
      pid,
    )
    .option('--wait <seconds>', 'for so long', seconds, WAIT_S_DEFAULT)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
With node_key.seal_program in the configuration the new key is wrapped by that program, whether the old one was or not.

Examples:
  quorate node-key rotate --config node.yaml --pid 4711   changes it now, without a restart
  quorate node-key rotate --config node.yaml              changes it at the node's next start or SIGHUP`,
    )
    .action((options: Options) => rotate(context, options));
}

async function rotate(context: CommandContext, options: Options): Promise<void> {
  const config = nodeConfig(context, options.config);
  const { nodeKey } = config;
  if (nodeKey.kind !== 'file') throw notInFile(nodeKey.kind);
  const { path } = nodeKey;
  const made = await make(config, nodeKey);
  if (options.pid !== undefined) signal(options.pid);
  const isDone = options.pid !== undefined && (await isTaken(path, options.wait));
  if (options.pid !== undefined && !isDone) throw notTaken(options.wait, path);
  const result = { node_id: config.nodeId, file: path, made, changed: isDone };
  if (options.json === true) context.out(JSON.stringify(result));
  else for (const line of linesOf(result)) context.out(line);
}

function signal(id: number): void {
  try {
    process.kill(id, 'SIGHUP');
  } catch {
    throw usageError(`--pid: there is no process ${id} that could be sent SIGHUP`);
  }
}

async function make(
  { nodeId }: NodeConfig,
  nodeKey: Extract<NodeConfig['nodeKey'], { kind: 'file' }>,
): Promise<boolean> {
  try {
    // The key that is to be replaced must be there, so that a mistyped path makes no file.
    isClearKeyFile(nodeKey.path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new ClusterError('invalid-request', `node_key.file: there is no file ${nodeKey.path}`, {
      reason: 'INVALID_CONFIGURATION',
      field: 'node_key.file',
      cause,
    });
  }
  return makeNextKey(nodeKey.path, keyFileWay(nodeKey, nodeId, process.env));
}

async function isTaken(path: string, waitS: number): Promise<boolean> {
  const until = performance.now() + waitS * 1000;
  while (existsSync(nextKeyPathOf(path))) {
    if (performance.now() >= until) return false;
    await pause(LOOK_MS);
  }
  return true;
}

function linesOf(result: {
  readonly file: string;
  readonly made: boolean;
  readonly changed: boolean;
}): readonly string[] {
  const { file, made, changed } = result;
  if (changed)
    return [
      `The node key in ${file} is the new one: nothing is sealed under the old one any more.`,
    ];
  const next = nextKeyPathOf(file);
  return [
    made ? `The next node key is in ${next}.` : `There was a next node key already, in ${next}.`,
    'The node takes it at SIGHUP or when it starts, and moves it to the place of the old one when all is sealed under it.',
    'Keep both files until then.',
  ];
}

function notInFile(kind: string): ClusterError {
  const what = kind === 'env' ? 'a variable' : 'a passphrase in a variable';
  return new ClusterError(
    'invalid-request',
    `The node key comes from ${what}: a node can change a key that is in a file, node_key.file`,
    { reason: 'INVALID_CONFIGURATION', field: 'node_key' },
  );
}

function notTaken(waitS: number, path: string): ClusterError {
  return new ClusterError(
    'deadline',
    `After ${waitS} s the node has not changed its key: ${nextKeyPathOf(path)} is still there. Its log says why; ` +
      'it goes on with it by itself',
    { reason: 'NODE_KEY_WAITS' },
  );
}

function pid(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 1) return value;
  throw new InvalidArgumentError('must be the id of a process');
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= WAIT_S_MAX) return value;
  throw new InvalidArgumentError(`must be a whole number of seconds, 1 to ${WAIT_S_MAX}`);
}
