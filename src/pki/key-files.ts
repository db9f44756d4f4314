import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ClusterError, isKeyExposed } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';

/**
 * Reads a file that holds a key.
 *
 * @throws ClusterError `invalid-request` (`KEY_FILE_EXPOSED`) when others may read or change it.
 * @throws the system's error when it cannot be read.
 */
export function readKeyFile(path: string): SecretBytes {
  const file = openSync(path, 'r');
  try {
    const { mode, uid } = fstatSync(file);
    if (isKeyExposed({ mode, uid }, process.geteuid?.())) {
      throw new ClusterError(
        'invalid-request',
        `${path}: others than its owner may read or change it (mode ${(mode & 0o777).toString(8)}); ` +
          'take that away with chmod 600, and make a new key if others had access to the machine',
        { reason: 'KEY_FILE_EXPOSED' },
      );
    }
    return new SecretBytes(readFileSync(file));
  } finally {
    closeSync(file);
  }
}
