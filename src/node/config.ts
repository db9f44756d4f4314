import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { FILES_KEPT_MAX, FILES_KEPT_MIN } from '../audit/index.js';
import { ID_PATTERN, nodeId } from '../common/index.js';
import type { ClusterError, Millis, NodeId } from '../common/index.js';
import {
  BACKEND_CHOICES,
  LOG_LEVELS,
  splitAddress,
  workersByDefault,
  WORKERS_MAX,
} from '../machine/index.js';
import type { BackendChoice, LogLevel } from '../machine/index.js';
import type { NodeKeySource } from '../pki/index.js';
import { CHECKPOINT_LIMITS } from '../raft/index.js';
import {
  MONITOR_MODES,
  PRESIGNATURES_PER_POOL,
  PRESIGNATURES_PER_POOL_MAX,
} from '../tasks/index.js';
import type { MonitorMode } from '../tasks/index.js';
import { isTree, readConfigFile, refuse } from './config-file.js';
import type { ConfigFile, Tree } from './config-file.js';
import { SETTINGS } from './settings.js';
import type { Setting } from './settings.js';
import { storeConfig, storeSchema } from './store-config.js';
import type { StoreConfig } from './store-config.js';

/** The settings of a node and its machine. Nothing here decides an outcome: that is in the genesis. */
export type NodeConfig = {
  readonly nodeId: NodeId;
  /** Absolute, like every path here. */
  readonly dataDir: string;
  readonly clusterFile: string;
  /** Where the other nodes are, `host:port` by node id. */
  readonly peers: ReadonlyMap<NodeId, string>;
  readonly client: { readonly listen: string; readonly advertise: string | undefined };
  readonly peer: { readonly listen: string };
  /** Where a supervisor's probes are answered, if anywhere. */
  readonly probes: { readonly listen: string | undefined };
  /** Where metrics are shown, if anywhere. */
  readonly metrics: { readonly listen: string | undefined };
  /** From the signal to stop to the end, at most. */
  readonly gracePeriodMs: Millis;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly nodeKey: NodeKeySource;
  readonly store: StoreConfig;
  /** Threads for arithmetic; 0 leaves it to the main thread. */
  readonly workers: number;
  /** Presignatures that are kept of one GG20 key and set of signers; 0 for none. */
  readonly presignatures: number;
  /** The log grows so far between two checkpoints, and so much of it is kept for nodes that were away. */
  readonly checkpointBytes: number;
  /** The audit log: files that stay of it. */
  readonly audit: { readonly filesKept: number };
  /** How much of the performance monitor it does. */
  readonly performanceMonitor: MonitorMode;
  /** The kind of libraries for curve arithmetic. */
  readonly cryptoBackend: BackendChoice;
  /** The least of what its log tells. */
  readonly logLevel: LogLevel;
};

/** Where settings come from; the first that has one wins: flag, environment, file, default. */
export type ConfigSources = {
  readonly file?: string | undefined;
  /** By the path of the setting, for example `client.listen`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths of flags, environment and defaults without a file stand on. */
  readonly workingFolder: string;
};

/** A supervisor waits no longer, and a node that hangs is to be seen. */
const GRACE_SECONDS_MAX = 600;

const MIB = 1024 * 1024;
/** A start reads the whole log. */
const CHECKPOINT_MIB_MAX = 1024;

/** YAML reads `1`, `1e3` and `null` as no text: quotes make them one. */
const plainText = z.string({ error: 'must be text: write it in quotes' });
const address = plainText.refine((text) => splitAddress(text) !== undefined, {
  error: 'must be host:port, for example 127.0.0.1:7400 or [::1]:7400, without a zone id',
});
const path = plainText.min(1, { error: 'must name a file or folder' });
const id = plainText.regex(ID_PATTERN, {
  error: 'must be lower-case letters, digits, _ and -, at most 63',
});
/** So narrow that neither a key nor a usual passphrase fits, where an operator writes it in place of the variable's name. */
const variableName = z.string().regex(/^[A-Z_][A-Z0-9_]{0,62}$/, {
  error: 'must name a variable: capital letters, digits and _; the secret itself never stands here',
});

/** Of all settings together, in the form of the file. */
export const schema = z.strictObject({
  // Of the file; one that names none is of the first.
  format: z.literal(1, { error: 'must be 1: a later release wrote this file' }).default(1),
  node_id: id,
  data_dir: path,
  cluster_file: path,
  peers: z.record(id, address).default({}),
  client: z.strictObject({ listen: address, advertise: address.optional() }),
  peer: z.strictObject({ listen: address }),
  // Without a line of its own, YAML reads nothing.
  probes: z.strictObject({ listen: address.optional() }).nullish(),
  metrics: z.strictObject({ listen: address.optional() }).nullish(),
  grace_period: z.coerce
    .number({ error: 'must be a number of seconds' })
    .int({ error: 'must be whole seconds' })
    .min(1, { error: 'must be 1 second or more' })
    .max(GRACE_SECONDS_MAX, { error: `must be ${GRACE_SECONDS_MAX} seconds at most` }),
  tls: z.strictObject({ ca: path, cert: path, key: path }),
  node_key: z.strictObject({
    file: path.optional(),
    env: variableName.optional(),
    passphrase_env: variableName.optional(),
    seal_program: path.optional(),
  }),
  store: storeSchema,
  workers: z.coerce
    .number({ error: 'must be a number' })
    .int({ error: 'must be a whole number' })
    .min(0, { error: 'must be 0 or more' })
    .max(WORKERS_MAX, { error: `must be ${WORKERS_MAX} at most` })
    .optional(),
  presignatures: z.coerce
    .number({ error: 'must be a number' })
    .int({ error: 'must be a whole number' })
    .min(0, { error: 'must be 0 or more' })
    .max(PRESIGNATURES_PER_POOL_MAX, { error: `must be ${PRESIGNATURES_PER_POOL_MAX} at most` })
    .default(PRESIGNATURES_PER_POOL),
  checkpoint_mib: z.coerce
    .number({ error: 'must be a number of MiB' })
    .int({ error: 'must be whole MiB' })
    .min(1, { error: 'must be 1 MiB or more' })
    .max(CHECKPOINT_MIB_MAX, { error: `must be ${CHECKPOINT_MIB_MAX} MiB at most` })
    .default(CHECKPOINT_LIMITS.logBytes / MIB),
  audit: z.strictObject({
    kept: z.coerce
      .number({ error: 'must be a number' })
      .int({ error: 'must be a whole number' })
      .min(FILES_KEPT_MIN, { error: `must be ${FILES_KEPT_MIN} or more` })
      .max(FILES_KEPT_MAX, { error: `must be ${FILES_KEPT_MAX} at most` }),
  }),
  performance_monitor: z
    .enum(MONITOR_MODES, { error: `must be one of ${MONITOR_MODES.join(', ')}` })
    .default('on'),
  crypto_backend: z
    .enum(BACKEND_CHOICES, { error: `must be one of ${BACKEND_CHOICES.join(', ')}` })
    .default('auto'),
  log_level: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
});

/**
 * Reads a node's configuration.
 *
 * @throws {ClusterError} `invalid-request`: the message names the setting and the file, variable or flag it stands in.
 */
export function readConfig(sources: ConfigSources): NodeConfig {
  const file = readConfigFile(sources.file);
  const tree = file.tree;
  const origins = new Map<string, Origin>();
  const outvoted = outvotedWays(sources, file);
  for (const setting of SETTINGS) {
    if (outvoted.has(setting)) continue;
    const chosen = choose(setting, sources, file);
    if (chosen === undefined) continue;
    origins.set(setting.path, chosen.origin);
    if (chosen.value !== undefined) place(tree, setting.path.split('.'), chosen.value);
  }

  const parsed = schema.safeParse(tree);
  if (!parsed.success) throw complaint(parsed.error.issues[0], tree, origins, file);
  const settings = parsed.data;
  const absolute = (of: string, written: string) =>
    resolve(origins.get(of)?.folder ?? sources.workingFolder, written);
  return {
    nodeId: nodeId(settings.node_id),
    dataDir: absolute('data_dir', settings.data_dir),
    clusterFile: absolute('cluster_file', settings.cluster_file),
    peers: new Map(Object.entries(settings.peers).map(([peer, at]) => [nodeId(peer), at])),
    client: { listen: settings.client.listen, advertise: settings.client.advertise },
    peer: { listen: settings.peer.listen },
    probes: { listen: settings.probes?.listen },
    metrics: { listen: settings.metrics?.listen },
    gracePeriodMs: settings.grace_period * 1000,
    tls: {
      ca: absolute('tls.ca', settings.tls.ca),
      cert: absolute('tls.cert', settings.tls.cert),
      key: absolute('tls.key', settings.tls.key),
    },
    nodeKey: nodeKeySource(settings.node_key, origins, absolute),
    store: storeConfig(settings.store, {
      whereOf: (setting) => origins.get(setting)?.where,
      absolute,
      missing: (setting) => {
        throw missing(setting, file);
      },
    }),
    workers: settings.workers ?? workersByDefault(),
    presignatures: settings.presignatures,
    checkpointBytes: settings.checkpoint_mib * MIB,
    audit: { filesKept: settings.audit.kept },
    performanceMonitor: settings.performance_monitor,
    cryptoBackend: settings.crypto_backend,
    logLevel: settings.log_level,
  };
}

function nodeKeySource(
  given: z.infer<typeof schema>['node_key'],
  origins: ReadonlyMap<string, Origin>,
  absolute: (of: string, written: string) => string,
): NodeKeySource {
  const whereOf = (way: string) => origins.get(way)?.where ?? 'the configuration';
  const { seal_program: program } = given;
  if (program !== undefined && (given.env ?? given.passphrase_env) !== undefined) {
    const words =
      'node_key.seal_program: a key in a variable is not sealed; it goes with node_key.file alone';
    throw refuse(whereOf('node_key.seal_program'), words, undefined, 'node_key.seal_program');
  }
  if (given.env !== undefined)
    return { kind: 'env', variable: given.env, where: whereOf('node_key.env') };
  const { passphrase_env: variable } = given;
  if (variable !== undefined)
    return { kind: 'passphrase', variable, where: whereOf('node_key.passphrase_env') };
  const file = absolute('node_key.file', given.file ?? '');
  const sealed =
    program === undefined ? {} : { sealProgram: absolute('node_key.seal_program', program) };
  return { kind: 'file', path: file, where: whereOf('node_key.file'), ...sealed };
}

/** Where a setting was found, in words, and the folder that a relative path in it stands on. */
type Origin = { readonly where: string; readonly folder: string };

/**
 * Of several ways to say one thing, those that do not count: the strongest source that has any decides, and all others are
 * taken out of the file's tree.
 *
 * @throws {ClusterError} `invalid-request` when that source has two.
 */
function outvotedWays(sources: ConfigSources, file: ConfigFile): ReadonlySet<Setting> {
  const groups = new Set(SETTINGS.flatMap(({ wayOf }) => wayOf ?? []));
  return new Set([...groups].flatMap((group) => outvotedOf(group, sources, file)));
}

function outvotedOf(
  group: Setting['wayOf'],
  sources: ConfigSources,
  file: ConfigFile,
): readonly Setting[] {
  const ways = SETTINGS.filter(({ wayOf }) => wayOf === group);
  const inFlags = (way: Setting) => sources.flags?.[way.path] !== undefined;
  const inEnvironment = (way: Setting) => (sources.environment?.[way.environment] ?? '') !== '';
  const inFile = (way: Setting) => find(file.tree, way.path.split('.')) !== undefined;
  const ranks = [inFlags, inEnvironment, inFile].map((has) => ways.filter(has));
  const byDefault = ways.filter(({ fallback }) => fallback !== undefined);
  const [chosen, second] = ranks.find((given) => given.length > 0) ?? byDefault;
  if (second !== undefined && chosen !== undefined) {
    const where = choose(second, sources, file)?.origin.where ?? 'the configuration';
    const words = `${second.path}: ${chosen.path} is there too; give one of them`;
    throw refuse(where, words, undefined, second.path);
  }
  const outvoted = ways.filter((way) => way !== chosen);
  for (const way of outvoted) remove(file.tree, way.path.split('.'));
  return outvoted;
}

/** The first source that has the setting, and its value where that is not the file's own. */
function choose(
  setting: Setting,
  sources: ConfigSources,
  file: ConfigFile,
): { readonly origin: Origin; readonly value?: unknown } | undefined {
  const here = sources.workingFolder;
  const flag = sources.flags?.[setting.path];
  if (flag !== undefined) {
    const origin = { where: setting.flag, folder: here };
    return { origin, value: read(setting, flag, origin) };
  }
  const variable = sources.environment?.[setting.environment];
  if (variable !== undefined && variable !== '') {
    const origin = { where: setting.environment, folder: here };
    return { origin, value: read(setting, variable, origin) };
  }
  const steps = setting.path.split('.');
  const folder = file.name === undefined ? here : dirname(resolve(here, file.name));
  if (find(file.tree, steps) !== undefined)
    return { origin: { where: file.locate(steps), folder } };
  if (setting.fallback === undefined) return undefined;
  return { origin: { where: 'the default', folder }, value: setting.fallback };
}

/** A setting as a flag or variable spells it. Only `peers` is more than one word. */
function read(setting: Setting, text: string, origin: Origin): unknown {
  if (setting.path !== 'peers') return text;
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      if (at < 1) throw refuse(origin.where, `"${pair}" must be id=host:port`, undefined, 'peers');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function find(tree: unknown, steps: readonly PropertyKey[]): unknown {
  return steps.reduce<unknown>(
    (at, step) => (isTree(at) && typeof step === 'string' ? at[step] : undefined),
    tree,
  );
}

/** Puts a value into the tree. What stands in the way is left for the schema to complain of. */
function place(tree: Tree, steps: readonly string[], value: unknown): void {
  const [step = '', ...rest] = steps;
  if (rest.length === 0) {
    tree[step] = value;
    return;
  }
  const inner = tree[step] ?? {};
  if (!isTree(inner)) return;
  tree[step] = inner;
  place(inner, rest, value);
}

function remove(tree: Tree, steps: readonly string[]): void {
  const inner = find(tree, steps.slice(0, -1));
  const last = steps.at(-1);
  if (isTree(inner) && last !== undefined) delete inner[last];
}

function complaint(
  issue: z.core.$ZodIssue | undefined,
  tree: Tree,
  origins: ReadonlyMap<string, Origin>,
  file: ConfigFile,
): ClusterError {
  if (issue === undefined) return refuse(file.name ?? 'the configuration', 'is not valid');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const name = [...issue.path, key].join('.');
    const known = SETTINGS.map((setting) => setting.path).join(', ');
    return refuse(
      file.locate([...issue.path, key]),
      `${name}: no such setting; there are ${known}`,
      undefined,
      name,
    );
  }
  const name = issue.path.join('.');
  const setting = SETTINGS.find((each) => name === each.path || name.startsWith(`${each.path}.`));
  const value = find(tree, issue.path);
  if (value === undefined && setting !== undefined && !origins.has(setting.path))
    return missing(name, file);
  const where = setting && origins.get(setting.path)?.where;
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const isShown = typeof value === 'string' && inner === undefined && setting?.isDelicate !== true;
  const shown = isShown ? ` (it is "${value}")` : '';
  const words = inner ?? issue.message.replace('Invalid input: ', '');
  return refuse(where ?? file.locate(issue.path), `${name}: ${words}${shown}`, undefined, name);
}

function missing(name: string, file: ConfigFile): ClusterError {
  const setting = SETTINGS.find((each) => name === each.path || name.startsWith(`${each.path}.`));
  const how = setting && `; set it here, by ${setting.environment}, or by ${setting.flag}`;
  return refuse(file.name ?? 'the configuration', `${name}: is missing${how}`, undefined, name);
}
