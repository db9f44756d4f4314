import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ClusterError, codeOf } from '../../common/index.js';
import type { NodeConfig } from '../../node/index.js';
import { equalSecrets } from '../../crypto/index.js';
import { identityPathOf } from '../../machine/index.js';
import {
  beginKeyChange,
  isClearKeyFile,
  keyChangePathOf,
  keyFileWay,
  loadNodeKey,
  makeNextKey,
  nextKeyPathOf,
  takeVariable,
} from '../../pki/index.js';
import type { Environment } from '../../pki/index.js';
import type { CommandContext } from '../command-context.js';
import { usageError } from '../exit-codes.js';
import { firstKey, variableArgument } from '../node-keys.js';
import { nodeConfig } from '../node-config.js';

/** How often a command looks whether the node has changed its key. */
const LOOK_MS = 200;
const WAIT_S_DEFAULT = 600;
const WAIT_S_MAX = 86_400;

type Options = {
  readonly config?: string;
  readonly nextEnv?: string;
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
      'Changes the node key. Of a key in a file it makes the next one beside it. Of a key or passphrase in a variable it is ' +
        'given the next one in another variable, and seals each under the other in a file in the data directory: until the ' +
        'change is over the node starts with either. The node takes the next key at SIGHUP, or when it starts: it wraps all ' +
        'its secrets under the new key while it goes on signing, and then the old one opens nothing any more.',
    )
    .option('-c, --config <file>', "the node's configuration, YAML [QUORATE_CONFIG]")
    .option(
      '--next-env <variable>',
      'for node_key.env and node_key.passphrase_env: the variable that has the next key or passphrase; the one that the ' +
        'configuration names has the present one',
      variableArgument('--next-env'),
    )
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
  quorate node-key rotate --config node.yaml              changes it at the node's next start or SIGHUP

  NODE_KEY=… NEXT=… quorate node-key rotate --config node.yaml --next-env NEXT
                                                          the same for a key in the variable NODE_KEY: now give the
                                                          service the new one, then run it again with --pid`,
    )
    .action((options: Options) => rotate(context, options));
}

async function rotate(context: CommandContext, options: Options): Promise<void> {
  const config = nodeConfig(context, options.config);
  const { nodeKey, dataDir } = config;
  const isFile = nodeKey.kind === 'file';
  if (isFile && options.nextEnv !== undefined)
    throw usageError('--next-env: the node key is in a file, and the next one is made beside it');
  const made = isFile
    ? await make(config, nodeKey)
    : await begin(config, nodeKey, options.nextEnv, context.environment);
  const next = isFile ? nextKeyPathOf(nodeKey.path) : keyChangePathOf(identityPathOf(dataDir));
  if (options.pid !== undefined) signal(options.pid);
  const isDone = options.pid !== undefined && (await isTaken(next, options.wait));
  if (options.pid !== undefined && !isDone) throw notTaken(options.wait, next);
  const file = isFile ? nodeKey.path : next;
  const result = { node_id: config.nodeId, file, made, changed: isDone };
  if (options.json === true) context.out(JSON.stringify(result));
  else for (const line of isFile ? linesOf(result) : linesOfVariable(result)) context.out(line);
}

/** Begins the change of a key that comes from a variable, unless one is under way. @returns Whether it was begun now. */
async function begin(
  { nodeId, dataDir }: NodeConfig,
  source: Exclude<NodeConfig['nodeKey'], { kind: 'file' }>,
  nextEnv: string | undefined,
  environment: Environment,
): Promise<boolean> {
  const identityPath = identityPathOf(dataDir);
  if (existsSync(keyChangePathOf(identityPath))) return false;
  if (nextEnv === undefined)
    throw usageError('--next-env: name the variable that has the next node key or passphrase');
  if (nextEnv === source.variable)
    throw usageError('--next-env: the present key and the next one are in variables of their own');
  using before = await loadNodeKey(source, nodeId, environment, identityPath);
  using text = takeVariable(environment, { ...source, variable: nextEnv, where: '--next-env' });
  const { key, header } = firstKey(nodeId, source, text);
  using next = key;
  if (equalSecrets(before.bytes, next.bytes))
    throw usageError('--next-env: that is the present node key');
  return beginKeyChange(identityPath, nodeId, { before, next }, header);
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

async function isTaken(next: string, waitS: number): Promise<boolean> {
  const until = performance.now() + waitS * 1000;
  while (existsSync(next)) {
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

function linesOfVariable(result: {
  readonly file: string;
  readonly made: boolean;
  readonly changed: boolean;
}): readonly string[] {
  const { file, made, changed } = result;
  if (changed)
    return [
      'Nothing is sealed under the old node key any more: the node starts with the new one alone.',
    ];
  return [
    made
      ? `The change of the node key is in ${file}: until it is over the node starts with the old secret or the new one.`
      : `A change of the node key was under way already, in ${file}.`,
    'Give the service the new secret in the place of the old one now, for its next start.',
    'Then let the node change it: a restart, or this command again with --pid, without --next-env.',
  ];
}

function notTaken(waitS: number, next: string): ClusterError {
  return new ClusterError(
    'deadline',
    `After ${waitS} s the node has not changed its key: ${next} is still there. Its log says why; ` +
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
