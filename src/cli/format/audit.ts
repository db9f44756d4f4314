import type { AuditFault, AuditLine, ChainEnd, Verification } from '../../audit/index.js';
import { toHex } from '../../common/index.js';

/** Not shown in a line for people: every line has them. */
const COMMON = new Set(['line', 'index', 'time', 'event', 'hash', 'request_hash']);

const FAULTS: Readonly<Record<AuditFault['fault'], string>> = {
  unreadable: 'this is no line of an audit log: it was changed, or written over',
  'out-of-order':
    'this line is not the next one: lines before it were removed, added, or stand elsewhere',
  changed: 'this line is not what was written here, or what stood before it was changed',
  'bad-header': 'the first line of the file is not what a node writes there',
  'missing-lines':
    'the file does not go on where the one before it ends: a file, or its end, is missing',
  torn: 'the last line has no end, and a later file is there: the end of this file was cut off',
  cut: 'the end of the log is missing: the node has written more',
  rewritten:
    'the chain is whole and is not the one that the node has written: the log was replaced',
};

/** One line for a person. */
export function auditRow({ time, event, all }: AuditLine): string {
  const told = Object.entries(all)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${shown(value)}`);
  return [time, event.padEnd(15), ...told].join('  ');
}

export function endText({ line, hash }: ChainEnd): string {
  return `${line}:${toHex(hash)}`;
}

export function faultText({ fault, file, at, missing }: AuditFault): string {
  const where = at === 0 ? file : `${file}, line ${at} of the file`;
  return `${where === '' ? 'the log' : where}: ${FAULTS[fault]}${missingText(missing)}`;
}

export function gapText({ line, all }: AuditLine): string {
  return (
    `line ${line}: nothing is known here of the entries ${shown(all['from'])} to ${shown(all['to'])}, which this node did ` +
    'not apply itself; the audit logs of other nodes tell of them'
  );
}

export function verificationJson(
  { files, lines, first, end, gaps, faults, isLastTorn }: Verification,
  known: ChainEnd | undefined,
): object {
  return {
    holds: faults.length === 0,
    end_known: known !== undefined,
    files,
    lines,
    first_line: first ?? null,
    end: end === undefined ? null : endText(end),
    last_line_torn: isLastTorn,
    gaps: gaps.map(({ line, all }) => ({ line, from: all['from'], to: all['to'] })),
    faults: faults.map(({ fault, file, at, missing }) => ({
      fault,
      file,
      at,
      ...(missing && { missing_from: missing.from, missing_to: missing.to }),
    })),
  };
}

function missingText(missing: AuditFault['missing']): string {
  if (missing === undefined) return '';
  const { from, to } = missing;
  if (to === undefined || to === from) return ` (line ${from} is missing)`;
  return ` (lines ${from} to ${to} are missing)`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
