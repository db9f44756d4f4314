import { concat } from '../../common/index.js';
import type { AuditFiles } from '../../ports/index.js';

/** Files of an audit log in memory: gone with the process, otherwise as on disk. */
export function memoryAuditFiles(): AuditFiles {
  const files = new Map<string, Uint8Array>();
  return {
    names: async () => [...files.keys()],
    read: async (name, offset, length) => files.get(name)?.slice(offset, offset + length),
    write: async (name, offset, bytes) => {
      const before = files.get(name)?.subarray(0, offset) ?? new Uint8Array(0);
      files.set(name, concat(before, bytes));
    },
    remove: async (name) => void files.delete(name),
    close: async () => undefined,
  };
}
