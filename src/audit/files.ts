import { concat } from '../common/index.js';
import type { AuditFiles } from '../ports/index.js';
import { LINE_BYTES_MAX } from './chain.js';

/** Read at once of a file. */
const PART_BYTES = 256 * 1024;
const NAME = /^audit-(\d{12})\.jsonl$/;
const NEWLINE = 10;
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The reading side of {@link AuditFiles}. */
export type ReadableFiles = Pick<AuditFiles, 'names' | 'read'>;

/** A file of an audit log, and the number of its first line. */
export type FileName = { readonly name: string; readonly first: number };

/** The name of the file whose first line has the number `first`. */
export function fileName(first: number): string {
  return `audit-${String(first).padStart(12, '0')}.jsonl`;
}

/** The files of an audit log, the oldest first. Others in the folder are none of it. */
export async function filesOf(files: Pick<AuditFiles, 'names'>): Promise<readonly FileName[]> {
  const names = await files.names();
  return names
    .flatMap((name): FileName[] => {
      const first = NAME.exec(name)?.[1];
      return first === undefined ? [] : [{ name, first: Number(first) }];
    })
    .sort((a, b) => a.first - b.first);
}

/** One line of a file. */
export type TextLine = {
  /** Without its line break. */
  readonly text: string;
  /** Behind the line in the file, its line break included. */
  readonly endBytes: number;
  /** Whether it has a line break: the last one may have none. */
  readonly isWhole: boolean;
};

/** The lines of a file, in order. One that is longer than any of ours comes in parts, none of them whole. */
export async function* linesIn(files: ReadableFiles, name: string): AsyncGenerator<TextLine> {
  let rest: Uint8Array = new Uint8Array(0);
  let readTo = 0;
  for (;;) {
    const part = await files.read(name, readTo, PART_BYTES);
    if (part === undefined || part.length === 0) break;
    readTo += part.length;
    rest = concat(rest, part);
    for (;;) {
      const at = rest.indexOf(NEWLINE);
      const isWhole = at >= 0 && at <= LINE_BYTES_MAX;
      if (!isWhole && rest.length <= LINE_BYTES_MAX) break;
      const length = isWhole ? at : LINE_BYTES_MAX;
      const text = textOf(rest.subarray(0, length));
      rest = rest.subarray(isWhole ? length + 1 : length);
      yield { text, endBytes: readTo - rest.length, isWhole };
    }
  }
  if (rest.length > 0) yield { text: textOf(rest), endBytes: readTo, isWhole: false };
}

/** Each text has one way to be written in bytes: what is no UTF-8 is no line. */
function textOf(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    return '';
  }
}
