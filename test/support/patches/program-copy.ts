import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { edited } from './edit.js';
import type { CompiledCode, Edit } from './edit.js';

/** `dist/`, in which this file is compiled. */
const DIST = resolve(import.meta.dirname, '..', '..', '..');

/** Every compiled file of `src/`. */
export function compiledCode(): CompiledCode {
  const folder = join(DIST, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith('.js'))
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
}

/** A temporary copy of the whole compiled program and its tests, whose code can be changed before programs of it are run. */
export class ProgramCopy implements Disposable {
  /** The copied `src/`. */
  readonly src: string;
  readonly code = compiledCode();
  /** The original texts of the files that are changed now. */
  #planted: CompiledCode = new Map();
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-patched-'));

  constructor() {
    this.src = join(this.#folder, 'dist/src');
    for (const part of ['src', 'test']) {
      cpSync(join(DIST, part), join(this.#folder, 'dist', part), {
        recursive: true,
        filter: (path) => path.endsWith('.js') || statSync(path).isDirectory(),
      });
    }
    for (const part of ['node_modules', 'proto', 'package.json'])
      symlinkSync(resolve(DIST, '..', part), join(this.#folder, part));
  }

  /** The copy of a compiled test program, by its path below `test/`. */
  program(path: string): string {
    return join(this.#folder, 'dist/test', path);
  }

  /** Plants these edits in the original code: earlier ones are taken back. Throws as `fileOf` does, and changes nothing then. */
  plant(edits: readonly Edit[]): void {
    const changed = edited(this.code, edits);
    this.#write(this.#planted);
    this.#write(changed);
    this.#planted = new Map([...changed.keys()].map((file) => [file, this.code.get(file) ?? '']));
  }

  #write(texts: CompiledCode): void {
    for (const [file, text] of texts) writeFileSync(join(this.src, file), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
