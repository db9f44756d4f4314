import { readFileSync } from 'node:fs';
import { ClusterError, whyUnreadable } from '../common/index.js';
import { parseGenesis } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { usage } from './client-file.js';
import type { Connection } from './client-file.js';
import { QuorateError } from './errors.js';
import type { ConnectOptions } from './inputs.js';

/** Reads the files of a connection, and says how to read them again. @throws QuorateError `invalid-request` USAGE for one that cannot be read. */
export function optionsFrom({ ca, cert, key, clusterFile, ...rest }: Connection): ConnectOptions {
  const text = (file: string): string => bytesOf(file).toString('utf8');
  const tls = () => ({ ca: text(ca), cert: text(cert), key: text(key) });
  return {
    ...rest,
    ...tls(),
    reload: tls,
    clusterFile: new Uint8Array(bytesOf(clusterFile)),
    files: { ca, cert, key, clusterFile },
  };
}

/** The genesis that the options bring. @throws QuorateError `invalid-request` with the file's name and the field. */
export function genesisOf({ clusterFile, files }: ConnectOptions): Genesis | undefined {
  if (clusterFile === undefined) return undefined;
  try {
    return parseGenesis(clusterFile);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const { code, message, details } = error;
    throw new QuorateError(code, `${files?.clusterFile ?? 'The cluster file'}: ${message}`, {
      ...details,
      cause: error,
    });
  }
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw usage(`${file}: cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}
