import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { whyUnreadable } from '../common/index.js';
import { parseSpiffe } from '../identity/index.js';
import { QuorateError } from './errors.js';

/** A cluster's addresses, and the identity to use there: what a client needs to connect. */
export type Connection = {
  /** `host:port` of nodes' client ports. */
  readonly endpoints: readonly string[];
  /** Paths of PEM files, absolute. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The genesis: identity keys in it decide what a key's certificate is worth. */
  readonly clusterFile: string;
  /** SPIFFE ids of requesters whose keys this client accepts besides its own. */
  readonly requesters?: readonly string[] | undefined;
};

/** Where in a new cluster's folder the operator's files are, and which of them says all that a client needs. */
export const OPERATOR_FOLDER = 'operator';
export const CLIENT_FILE = 'client.json';
/** The data of the cluster that `quorate dev` makes, in the working folder. */
export const DEV_FOLDER = join('.quorate', 'dev');

/** Of the file; one that names none is of the first. */
export const CLIENT_FILE_FORMAT = 1;
const FILE_BYTES_MAX = 64 * 1024;
const FIELDS = new Set(['format', 'endpoints', 'ca', 'cert', 'key', 'cluster_file', 'requesters']);

/**
 * Reads a `client.json`. Its paths are relative to its folder.
 *
 * @throws QuorateError `invalid-request` USAGE with the file and the field.
 */
export function readClientFile(file: string): Connection {
  const fields = fieldsOf(file);
  const refuse = (field: string, words: string): never => {
    throw usage(`${file}: ${field}: ${words}`);
  };
  for (const name of fields.keys()) if (!FIELDS.has(name)) refuse(name, 'there is no such field');
  const format = fields.get('format') ?? CLIENT_FILE_FORMAT;
  if (format !== CLIENT_FILE_FORMAT) refuse('format', `this release reads ${CLIENT_FILE_FORMAT}`);
  const path = (name: string): string => {
    const value = fields.get(name);
    return typeof value === 'string' && value !== ''
      ? resolve(dirname(file), value)
      : refuse(name, 'must be the path of a file');
  };
  const list = (name: string): readonly string[] => {
    const value = fields.get(name);
    return isTexts(value) ? value : refuse(name, 'must be a list of texts');
  };
  const endpoints = list('endpoints');
  if (endpoints.length === 0) refuse('endpoints', 'must name a node');
  const requesters = fields.has('requesters') ? list('requesters') : undefined;
  const stranger = requesters?.find((id) => parseSpiffe(id) === undefined);
  if (stranger !== undefined)
    refuse('requesters', `"${stranger}" is no SPIFFE id such as spiffe://quorate/operator/alice`);
  return {
    endpoints,
    ca: path('ca'),
    cert: path('cert'),
    key: path('key'),
    clusterFile: path('cluster_file'),
    ...(requesters !== undefined && { requesters }),
  };
}

/** The error of settings that cannot be used. */
export function usage(message: string, cause?: unknown): QuorateError {
  return new QuorateError('invalid-request', message, { reason: 'USAGE', cause });
}

function fieldsOf(file: string): ReadonlyMap<string, unknown> {
  const bytes = bytesOf(file);
  if (bytes.length > FILE_BYTES_MAX)
    throw usage(`${file}: cannot be read as JSON: it is over ${FILE_BYTES_MAX} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's words repeat the file, which may be a private key by mistake.
    throw usage(`${file}: cannot be read as JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage(`${file}: is no JSON object`);
  return new Map(Object.entries(value));
}

/** Claims that there is a folder. A path that cannot be looked at is none: reading it says what is wrong. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (isFolder(file)) throw usage(`${file} is a folder, not a client.json`, cause);
    throw usage(`${file}: cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}
