import type { AuditFiles } from '../ports/index.js';
import { CHAIN_START, isSameEnd, readHeader, readLine } from './chain.js';
import type { AuditLine, ChainEnd, LineFault } from './chain.js';
import { filesOf, linesIn } from './files.js';
import type { FileName } from './files.js';

/** A line that is in the file, and whose entry the store has not as applied. */
export type TailLine = ChainEnd & { readonly index: number };

/** An audit log as a start finds it. */
export type FoundLog = {
  /** The end that the store knows. */
  readonly end: ChainEnd;
  /** The lines behind it. Their entries are applied again. */
  readonly tail: readonly TailLine[];
  /** The file that the next line goes into, and the bytes of it that are good; absent where a new one is to begin. */
  readonly file: { readonly name: string; readonly bytes: number } | undefined;
  /** The files do not have the end that the store knows: a person has taken lines away, or changed them. */
  readonly isCut: boolean;
};

/**
 * Finds the end of an audit log. What stands behind the last line that holds is what a crash has left of a write: the next
 * write takes its place.
 *
 * @param head - The end that the store knows, of the entry up to which its state is applied.
 */
export async function findEnd(files: AuditFiles, head: ChainEnd | undefined): Promise<FoundLog> {
  const end = head ?? CHAIN_START;
  const names = await filesOf(files);
  const from = names.findLastIndex(({ first }) => first <= end.line + 1);
  const behind = from < 0 ? [] : names.slice(from);
  let found: ChainEnd | undefined;
  let file: FoundLog['file'];
  const tail: TailLine[] = [];
  for (const name of behind) {
    const read = await readGood(files, name, end);
    const last: ChainEnd | undefined = tail.at(-1) ?? found;
    if (last !== undefined && (read.begin === undefined || !isSameEnd(read.begin, last))) break;
    found ??= read.found;
    if (found === undefined) break;
    tail.push(...read.tail);
    file = { name: name.name, bytes: read.bytes };
    if (!read.isWhole) break;
  }
  const isCut = found === undefined && end.line > 0;
  return { end, tail, file: found === undefined ? undefined : file, isCut };
}

type GoodLines = {
  /** The end that the file goes on from. */
  readonly begin: ChainEnd | undefined;
  /** The end that was looked for, where the file has it. */
  readonly found: ChainEnd | undefined;
  readonly tail: readonly TailLine[];
  /** Up to the last line that holds. */
  readonly bytes: number;
  /** Whether that is all of the file. */
  readonly isWhole: boolean;
};

async function readGood(
  files: AuditFiles,
  { name, first }: FileName,
  wanted: ChainEnd,
): Promise<GoodLines> {
  let [begin, at, found]: (ChainEnd | undefined)[] = [];
  const tail: TailLine[] = [];
  let bytes = 0;
  for await (const { text, endBytes, isWhole } of linesIn(files, name)) {
    const before: ChainEnd | undefined = at;
    if (before === undefined) {
      begin = isWhole ? readHeader(text) : undefined;
      if (begin === undefined || begin.line !== first - 1) {
        return { begin: undefined, found, tail, bytes, isWhole: false };
      }
      at = begin;
    } else {
      const line: AuditLine | LineFault = isWhole ? readLine(text, before) : 'unreadable';
      if (typeof line === 'string') return { begin, found, tail, bytes, isWhole: false };
      const end: TailLine = { line: line.line, hash: line.hash, index: line.index };
      at = end;
      if (end.line > wanted.line) tail.push(end);
    }
    if (isSameEnd(at, wanted)) found = wanted;
    bytes = endBytes;
  }
  return { begin, found, tail, bytes, isWhole: true };
}
