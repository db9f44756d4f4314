import { readFileSync } from 'node:fs';
import { ClusterError, whyUnreadable } from '../common/index.js';
import { readKeyFile } from '../pki/index.js';
import { isMongoUri, isUnsafeUri } from '../store/index.js';
import type { MongoPlace } from '../store/index.js';
import type { MongoSettings } from './store-config.js';

/**
 * Reads the files that settings of a database name.
 *
 * @throws ClusterError `invalid-request` naming the file (`KEY_FILE_EXPOSED`, `INVALID_CONFIGURATION`), never what it holds.
 */
export function mongoPlace({ uri, database, tls: { ca, cert, key } }: MongoSettings): MongoPlace {
  return {
    uri: 'text' in uri ? uri.text : uriIn(uri.file),
    database,
    tls: {
      ca: ca === undefined ? undefined : read('store.tls_ca', ca, readPublic),
      cert: cert === undefined ? undefined : read('store.tls_cert', cert, readPublic),
      key: key === undefined ? undefined : read('store.tls_key', key, readPrivate),
    },
  };
}

/** The connection string in a file, with white space around it. */
function uriIn(file: string): string {
  const uri = new TextDecoder().decode(read('store.uri_file', file, readPrivate)).trim();
  if (isMongoUri(uri) && !isUnsafeUri(uri)) return uri;
  throw new ClusterError(
    'invalid-request',
    `store.uri_file: ${file} must hold a connection string that begins with mongodb:// or mongodb+srv:// and does not ` +
      "switch off the check of the server's certificate",
    { reason: 'INVALID_CONFIGURATION', field: 'store.uri_file' },
  );
}

function readPublic(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

function readPrivate(path: string): Uint8Array {
  using secret = readKeyFile(path);
  return Uint8Array.from(secret.bytes);
}

function read(field: string, path: string, by: (path: string) => Uint8Array): Uint8Array {
  try {
    return by(path);
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    const words = `${field}: ${path} cannot be read: ${whyUnreadable(cause)}`;
    throw new ClusterError('invalid-request', words, { cause, field });
  }
}
