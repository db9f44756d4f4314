import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const BALLAST = 'ballast';

/**
 * A file system in memory of so many MiB at `path`, which another program can fill. `undefined` where none can be mounted: that
 * needs root, and a container that lets it.
 */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static mount(path: string, mib: number): SmallDisk | undefined {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    try {
      const options = `size=${mib}m,mode=700`;
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'quorate-test', path], {
        stdio: 'ignore',
      });
    } catch {
      return undefined;
    }
    return new SmallDisk(path);
  }

  /** Leaves so many bytes free, less than a page more or less. */
  fill(leavingBytes = 0): void {
    const file = openSync(join(this.path, BALLAST), 'a');
    try {
      for (;;) {
        const bytes = Math.min(this.freeBytes() - leavingBytes, MIB);
        if (bytes <= 0 || writeSync(file, new Uint8Array(bytes)) === 0) return;
      }
    } finally {
      closeSync(file);
    }
  }

  /** Takes away what {@link fill} has written. */
  makeRoom(): void {
    rmSync(join(this.path, BALLAST), { force: true });
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  [Symbol.dispose](): void {
    // Lazily: a process that was killed may hold it for a moment yet.
    execFileSync('umount', ['-l', this.path], { stdio: 'ignore' });
  }
}

/** Why tests of full disks do nothing here, where they do not. */
export function whyNoDisks(folder: string): string | undefined {
  const disk = SmallDisk.mount(join(folder, 'try'), 1);
  disk?.[Symbol.dispose]();
  return disk === undefined ? 'no file system can be mounted here: that needs root' : undefined;
}
