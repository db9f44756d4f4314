import { CHAIN_START, isSameEnd, readHeader, readLine } from './chain.js';
import type { AuditLine, ChainEnd, LineFault } from './chain.js';
import { filesOf, linesIn } from './files.js';
import type { FileName, ReadableFiles } from './files.js';

/** A fault of an audit log, and its place. Behind the first fault of a file the rest of it cannot be judged. */
export type AuditFault = {
  readonly fault:
    | LineFault
    /** The first line of a file is not what a node writes there. */
    | 'bad-header'
    /** A file does not go on where the one before it ends. */
    | 'missing-lines'
    /** A line has no end, and is not the last of all. */
    | 'torn'
    /** The node has written more lines than there are. */
    | 'cut'
    /** The chain is whole, and is not the one that the node has written. */
    | 'rewritten';
  readonly file: string;
  /** In its file, from 1; 0 where it is about no line. */
  readonly at: number;
  /** The lines that should be there, by number, where they are known. */
  readonly missing?: { readonly from: number; readonly to: number | undefined };
};

/** The findings of {@link verifyFiles}. */
export type Verification = {
  readonly files: number;
  readonly lines: number;
  /** The first line that is there, and the last that holds; `undefined` of no lines. */
  readonly first: number | undefined;
  readonly end: ChainEnd | undefined;
  /** The lines that say that a node does not know what happened meanwhile. */
  readonly gaps: readonly AuditLine[];
  readonly faults: readonly AuditFault[];
  /** The last line is not whole: it is being written, or a crash came in between, and the next start writes it again. */
  readonly isLastTorn: boolean;
};

/** Where {@link verifyFiles} is. */
type Reading = {
  lines: number;
  first: number | undefined;
  /** The last line that holds, and of an earlier file where that file's header is good. */
  end: ChainEnd | undefined;
  readonly gaps: AuditLine[];
  readonly faults: AuditFault[];
  isLastTorn: boolean;
  /** The hash of the line that the node says is its last, where it was seen. */
  known: ChainEnd | undefined;
};

/**
 * Checks the chain through all files, and against the end that the node knows.
 *
 * @param head - The end that the node has in its store; the file may be ahead of it. Without it a cut at the end is not found.
 * @param onLine - Is called for each line that holds.
 */
export async function verifyFiles(
  files: ReadableFiles,
  head: ChainEnd | undefined,
  onLine: (line: AuditLine, file: string) => void = () => undefined,
): Promise<Verification> {
  const names = await filesOf(files);
  const reading: Reading = {
    lines: 0,
    first: undefined,
    end: undefined,
    gaps: [],
    faults: [],
    isLastTorn: false,
    known: head?.line === 0 ? CHAIN_START : undefined,
  };
  for (const [at, file] of names.entries()) {
    const isLast = at === names.length - 1;
    await readFile(reading, files, file, isLast, head, onLine);
  }
  if (head !== undefined) requireEnd(reading, head, names.at(-1)?.name ?? '');
  const { lines, first, end, gaps, faults, isLastTorn } = reading;
  return { files: names.length, lines, first, end, gaps, faults, isLastTorn };
}

async function readFile(
  reading: Reading,
  files: ReadableFiles,
  { name, first }: FileName,
  isLast: boolean,
  head: ChainEnd | undefined,
  onLine: (line: AuditLine, file: string) => void,
): Promise<void> {
  let at = 0;
  const fault = (what: AuditFault['fault'], missing?: AuditFault['missing']): void => {
    reading.faults.push({ fault: what, file: name, at, ...(missing && { missing }) });
  };
  let end: ChainEnd | undefined;
  for await (const { text, isWhole } of linesIn(files, name)) {
    at += 1;
    if (!isWhole) {
      if (isLast) reading.isLastTorn = true;
      else fault('torn');
      break;
    }
    if (end === undefined) {
      end = readHeader(text);
      if (end === undefined || end.line !== first - 1) {
        fault('bad-header');
        return;
      }
      const before = reading.end;
      // Earlier files may have been moved away; what is there is without a gap.
      if (before !== undefined && !isSameEnd(before, end))
        fault('missing-lines', missingBetween(before, end));
      if (head !== undefined && isSameEnd(head, end)) reading.known = head;
      reading.end = end;
      continue;
    }
    const line = readLine(text, end);
    if (typeof line === 'string') {
      fault(line);
      return;
    }
    end = line;
    reading.end = { line: line.line, hash: line.hash };
    reading.first ??= line.line;
    reading.lines += 1;
    if (line.event === 'gap') reading.gaps.push(line);
    if (head?.line === line.line) reading.known = reading.end;
    onLine(line, name);
  }
  // A file is made with its header.
  if (end === undefined && !reading.isLastTorn) fault('bad-header');
}

function missingBetween(before: ChainEnd, after: ChainEnd): AuditFault['missing'] {
  return after.line > before.line ? { from: before.line + 1, to: after.line } : undefined;
}

function requireEnd(reading: Reading, head: ChainEnd, file: string): void {
  const { known, end, faults } = reading;
  if (known !== undefined) {
    if (!isSameEnd(known, head)) faults.push({ fault: 'rewritten', file, at: 0 });
    return;
  }
  // Behind a fault nothing is known of the end.
  if (faults.length > 0) return;
  const from = (end?.line ?? 0) + 1;
  faults.push({ fault: 'cut', file, at: 0, missing: { from, to: head.line } });
}
