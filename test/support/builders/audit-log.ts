import { CHAIN_START, fileName, headerOf, lineOf } from '../../../src/audit/index.js';
import type { AuditRecord, ChainEnd, ReadableFiles } from '../../../src/audit/index.js';
import { utf8 } from '../../../src/common/index.js';
import type { AuditFiles } from '../../../src/ports/index.js';
import { memoryAuditFiles } from '../../../src/store/index.js';

/** A line about entry `index`. */
export function recordAt(index: number): AuditRecord {
  const fields = { task: `task-${index}`, kind: 'sign', result: 'done' };
  return { index, timeMs: 1_700_000_000_000 + index, event: 'outcome', fields };
}

/** An audit log of `count` lines, one for each entry, in files of `perFile` lines; and the ends of its chain. */
export function auditLogOf(
  count: number,
  perFile = count,
): { readonly files: Map<string, Uint8Array>; readonly ends: readonly ChainEnd[] } {
  const files = new Map<string, Uint8Array>();
  const ends: ChainEnd[] = [CHAIN_START];
  for (let from = 1; from <= count; from += perFile) {
    let end = ends.at(-1) ?? CHAIN_START;
    let text = headerOf(end);
    for (let index = from; index < from + perFile && index <= count; index++) {
      const line = lineOf(recordAt(index), end);
      text += line.text;
      end = line.end;
      ends.push(end);
    }
    files.set(fileName(from), utf8(text));
  }
  return { files, ends };
}

/** The reading side of files in memory. */
export function readable(files: ReadonlyMap<string, Uint8Array>): ReadableFiles {
  return {
    names: async () => [...files.keys()],
    read: async (name, offset, length) => files.get(name)?.slice(offset, offset + length),
  };
}

/** Files in memory whose writes can fail, be torn, or wait; and all that they hold as text. */
export class ManualAuditFiles implements AuditFiles {
  readonly #files: AuditFiles = memoryAuditFiles();
  failure: Error | undefined;
  /** So many bytes of a write that fails are there. */
  tornBytes = 0;
  writes = 0;
  /** Writes wait for {@link release} while this is set. */
  isSlow = false;
  #waiting: (() => void)[] = [];

  names = (): Promise<readonly string[]> => this.#files.names();
  read = (name: string, offset: number, length: number): Promise<Uint8Array | undefined> =>
    this.#files.read(name, offset, length);
  remove = (name: string): Promise<void> => this.#files.remove(name);
  close = (): Promise<void> => this.#files.close();

  async write(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    this.writes += 1;
    if (this.isSlow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const { failure } = this;
    if (failure === undefined) return this.#files.write(name, offset, bytes);
    if (this.tornBytes > 0)
      await this.#files.write(name, offset, bytes.subarray(0, this.tornBytes));
    throw failure;
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** All files behind one another, the oldest first. */
  async text(): Promise<string> {
    const names = [...(await this.names())].sort();
    const texts = await Promise.all(
      names.map(async (name) => new TextDecoder().decode(await this.read(name, 0, 1e9))),
    );
    return texts.join('');
  }

  /** The lines without the first lines of files. */
  async lines(): Promise<string[]> {
    const all = (await this.text()).split('\n');
    return all.filter((line) => line !== '' && !line.startsWith('{"format"'));
  }
}
