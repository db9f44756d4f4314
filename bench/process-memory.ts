import { readFileSync } from 'node:fs';

export type ProcessMemory = {
  readonly ownBytes: number;
  readonly mappedBytes: number;
};

/** Memory of a process as Linux counts it: its own, and the pages of files that it has mapped. */
export function memoryOf(pid: number | 'self'): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { ownBytes: bytes('RssAnon'), mappedBytes: bytes('RssFile') };
}
