import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fromHex, toHex } from '../../src/common/index.js';

/** In the sources, beside which the compiled tests are run. */
const FOLDER = resolve(import.meta.dirname, '..', '..', '..', 'test', 'fuzz', 'corpus');

/** The kept inputs of a decoder, by file. */
export function readCorpus(decoder: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(FOLDER, decoder);
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => {
        const bytes = fromHex(readFileSync(join(folder, name), 'utf8').replaceAll('\n', ''));
        if (bytes === undefined) throw new Error(`${decoder}/${name} is no hex`);
        return [name, bytes];
      }),
  );
}

/** The decoders that the corpus has inputs of. */
export function decodersOfCorpus(): readonly string[] {
  return existsSync(FOLDER) ? readdirSync(FOLDER).sort() : [];
}

/** Keeps an input for good; its name is its content's. */
export function keep(decoder: string, bytes: Uint8Array): void {
  const folder = join(FOLDER, decoder);
  mkdirSync(folder, { recursive: true });
  const lines = toHex(bytes).match(/.{1,120}/g) ?? [];
  writeFileSync(join(folder, nameOf(bytes)), `${lines.join('\n')}\n`);
}

export function nameOf(bytes: Uint8Array): string {
  return `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.hex`;
}
