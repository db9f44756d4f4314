import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../common/index.js';

/**
 * The bytes of the file `path` from `offset` on, at most `length`, fewer only at its end; `undefined` where there is no such
 * file.
 */
export async function readPart(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const handle = await opened(path);
  if (handle === undefined) return undefined;
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
