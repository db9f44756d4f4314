import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ClusterError } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';

/** The permissions of others than the owner, in a file's mode. */
const GROUP_AND_OTHERS = 0o077;
/** The same without the group's reading. */
const ALL_BUT_GROUP_READS = 0o037;
const ROOT = 0;

/**
 * Reads a file that holds a key.
 *
 * @throws ClusterError `invalid-request` (`KEY_FILE_EXPOSED`) when others may read or change it. A file of root's may be
 * readable for its group: so systemd and Kubernetes hand keys to a service that is not root.
 * @throws the system's error when it cannot be read.
 */
export function readKeyFile(path: string): SecretBytes {
  const file = openSync(path, 'r');
  try {
    const { mode, uid } = fstatSync(file);
    const handedByRoot = uid === ROOT && process.geteuid?.() !== ROOT;
    const exposed = mode & (handedByRoot ? ALL_BUT_GROUP_READS : GROUP_AND_OTHERS);
    if (exposed !== 0) {
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
