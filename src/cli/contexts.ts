import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ClusterError, isId, whyUnreadable } from '../common/index.js';
import type { CommandContext } from './command-context.js';
import { usageError } from './exit-codes.js';
import { isThere } from './files.js';

/** A person's clusters by name: each is a `client.json`, and one may be in use. */
export type Contexts = {
  readonly current: string | undefined;
  /** By name, absolute paths of client files. */
  readonly clientFiles: ReadonlyMap<string, string>;
};

export const CONTEXTS_FORMAT = 1;
const CONTEXTS_MAX = 256;
const FILE_BYTES_MAX = 64 * 1024;
const FOLDER = 'quorate';
/** Of `mode`: group and others may write. */
const WRITABLE_BY_OTHERS = 0o022;

/** Where contexts are kept: `$XDG_CONFIG_HOME/quorate/config.json`, else below `~/.config`; nowhere without a home. */
export function contextsFile({
  environment,
}: Pick<CommandContext, 'environment'>): string | undefined {
  const { XDG_CONFIG_HOME: config, HOME: home } = environment;
  // A relative one is to be ignored (XDG Base Directory Specification).
  if (config !== undefined && isAbsolute(config)) return join(config, FOLDER, 'config.json');
  return home !== undefined && isAbsolute(home)
    ? join(home, '.config', FOLDER, 'config.json')
    : undefined;
}

/** @throws ClusterError `invalid-request` where there is no place for them. */
export function requireContextsFile(context: CommandContext): string {
  const file = contextsFile(context);
  if (file !== undefined) return file;
  throw usageError('Contexts are kept below XDG_CONFIG_HOME or HOME: neither is set');
}

/**
 * Reads the contexts; none where there is no file.
 *
 * @throws ClusterError `invalid-request` for a file that is none of ours, or that others could have written (CONFIG_FILE_EXPOSED): it
 *   decides which cluster is called, and with which key.
 */
export function readContexts(file: string | undefined): Contexts {
  if (file === undefined || !isThere(file)) return { current: undefined, clientFiles: new Map() };
  for (const path of [file, dirname(file)]) requireOwn(path);
  const fields = objectIn(textOf(file), file, 'the file');
  requireFields(fields, ['format', 'current', 'contexts'], file);
  if (fields.get('format') !== CONTEXTS_FORMAT)
    throw usageError(`${file}: format: this release reads ${CONTEXTS_FORMAT}`);
  const named = objectIn(fields.get('contexts'), file, 'contexts');
  if (named.size > CONTEXTS_MAX)
    throw usageError(`${file}: contexts: there are more than ${CONTEXTS_MAX}`);
  const clientFiles = new Map(
    [...named].map(([name, value]) => {
      requireName(name);
      const context = objectIn(value, file, name);
      requireFields(context, ['client_file'], file);
      const path = context.get('client_file');
      if (typeof path === 'string' && isAbsolute(path)) return [name, path];
      throw usageError(`${file}: ${name}: client_file must be an absolute path`);
    }),
  );
  const current = fields.get('current');
  if (current === undefined) return { current: undefined, clientFiles };
  if (typeof current === 'string' && clientFiles.has(current)) return { current, clientFiles };
  throw usageError(`${file}: current: there is no such context`);
}

/** Writes them, for the owner alone, whole or not at all. */
export function writeContexts(file: string, { current, clientFiles }: Contexts): void {
  if (clientFiles.size > CONTEXTS_MAX)
    throw usageError(`There are ${CONTEXTS_MAX} contexts at most`);
  const contexts = Object.fromEntries(
    [...clientFiles].map(([name, path]) => [name, { client_file: path }]),
  );
  const text = JSON.stringify({ format: CONTEXTS_FORMAT, current, contexts }, undefined, 2);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${text}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/** The client file of a context. @throws ClusterError `invalid-request` for one that there is not. */
export function clientFileOf({ clientFiles }: Contexts, name: string): string {
  const found = clientFiles.get(name);
  if (found !== undefined) return found;
  const names = [...clientFiles.keys()].join(', ');
  throw usageError(
    `There is no context "${name}"; there ${names === '' ? 'are none' : `is ${names}`}`,
  );
}

/** @throws ClusterError `invalid-request`. */
export function requireName(name: string): void {
  if (isId(name)) return;
  throw usageError(`A context’s name must match ^[a-z0-9][a-z0-9_-]{0,62}$, not "${name}"`);
}

function requireOwn(path: string): void {
  const { mode, uid } = statSync(path);
  const isOwn = uid === process.geteuid?.() || uid === 0;
  if (isOwn && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new ClusterError(
    'invalid-request',
    `${path}: others than you may change it (mode ${(mode & 0o777).toString(8)}), and it decides which cluster is called; ` +
      'look at what it says, then chmod go-w',
    { reason: 'CONFIG_FILE_EXPOSED' },
  );
}

function textOf(file: string): unknown {
  try {
    if (statSync(file).size > FILE_BYTES_MAX)
      throw usageError(`${file}: cannot be read: it is over ${FILE_BYTES_MAX} bytes`);
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    // The parser's words repeat the file.
    if (error instanceof SyntaxError) throw usageError(`${file}: cannot be read as JSON`);
    throw usageError(`${file}: cannot be read: ${whyUnreadable(error)}`);
  }
}

function objectIn(value: unknown, file: string, what: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value));
  throw usageError(`${file}: ${what} must be a JSON object`);
}

function requireFields(
  fields: ReadonlyMap<string, unknown>,
  known: readonly string[],
  file: string,
): void {
  const strange = [...fields.keys()].find((name) => !known.includes(name));
  if (strange !== undefined) throw usageError(`${file}: ${strange}: there is no such field`);
}
