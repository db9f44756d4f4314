import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { CLIENT_FILE_FORMAT } from '../client/index.js';
import type { Connection } from '../client/index.js';

/** Writes `client.json`, with paths relative to its folder, so that the folder can move. */
export function writeClientFile(file: string, connection: Connection): void {
  const folder = dirname(file);
  const text = {
    format: CLIENT_FILE_FORMAT,
    endpoints: connection.endpoints,
    ca: relative(folder, connection.ca),
    cert: relative(folder, connection.cert),
    key: relative(folder, connection.key),
    cluster_file: relative(folder, connection.clusterFile),
    requesters: connection.requesters,
  };
  writeFileSync(file, `${JSON.stringify(text, undefined, 2)}\n`);
}
