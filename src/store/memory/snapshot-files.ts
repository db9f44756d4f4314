import { concat } from '../../common/index.js';
import type { SnapshotFile, SnapshotFiles } from '../../ports/index.js';

/** Files in memory: gone with the process, otherwise as on disk. */
export function memorySnapshotFiles(): SnapshotFiles {
  const files = new Map<string, Uint8Array>();
  return {
    names: async () => [...files.keys()],
    create: async (name): Promise<SnapshotFile> => {
      const parts: Uint8Array[] = [];
      return {
        append: async (bytes) => void parts.push(Uint8Array.from(bytes)),
        finish: async () => void files.set(name, concat(...parts)),
        discard: async () => void parts.splice(0),
      };
    },
    read: async (name, offset, length) => files.get(name)?.slice(offset, offset + length),
    remove: async (name) => void files.delete(name),
  };
}
