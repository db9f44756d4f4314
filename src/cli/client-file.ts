import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { usageError } from './exit-codes.js';

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
};

/** Where in a new cluster's folder the operator's files are, and which of them says all that a client needs. */
export const OPERATOR_FOLDER = 'operator';
export const CLIENT_FILE = 'client.json';
/** The data of the cluster that `quorate dev` makes, in the working folder. */
export const DEV_FOLDER = join('.quorate', 'dev');

/** Of the file; one that names none is of the first. */
const FORMAT = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT).default(FORMAT),
  endpoints: z.array(z.string()).min(1),
  ca: z.string(),
  cert: z.string(),
  key: z.string(),
  cluster_file: z.string(),
});

/** Writes `client.json`, with paths relative to its folder, so that the folder can move. */
export function writeClientFile(file: string, connection: Connection): void {
  const folder = dirname(file);
  const text = {
    format: FORMAT,
    endpoints: connection.endpoints,
    ca: relative(folder, connection.ca),
    cert: relative(folder, connection.cert),
    key: relative(folder, connection.key),
    cluster_file: relative(folder, connection.clusterFile),
  };
  writeFileSync(file, `${JSON.stringify(text, undefined, 2)}\n`);
}

/** Reads a `client.json`. Its paths are relative to its folder. */
export function readClientFile(file: string): Connection {
  const parsed = schema.safeParse(parseJson(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw usageError(
      `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
    );
  }
  const at = (path: string) => resolve(dirname(file), path);
  return {
    endpoints: parsed.data.endpoints,
    ca: at(parsed.data.ca),
    cert: at(parsed.data.cert),
    key: at(parsed.data.key),
    clusterFile: at(parsed.data.cluster_file),
  };
}

/** The client file of the development cluster in `folder`, when there is one. */
export function devClientFile(folder: string): string | undefined {
  const file = join(folder, DEV_FOLDER, OPERATOR_FOLDER, CLIENT_FILE);
  return existsSync(file) ? file : undefined;
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw usageError(`${file}: cannot be read as JSON (${String(cause)})`);
  }
}
