import { printable } from '../../common/index.js';

/** Rows under a header, columns two spaces apart, as wide as their widest cell. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => shown(cell ?? '-')));
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Names with their values below one another; what has no value is left out. */
export function facts(pairs: readonly (readonly [name: string, value: string | undefined])[]) {
  const given = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`);
}

/** Blanks enough to push what follows into the next row of a terminal, where it would look like a line of its own. */
const BLANKS = /[\p{Zs}\u2800]{4,}/gu;

/** A cell as it is printed, measured before columns are: escapes are longer than what they escape. */
function shown(cell: string): string {
  return printable(cell).replace(BLANKS, (blanks) => Array.from(blanks, escapedBlank).join(''));
}

function escapedBlank(blank: string): string {
  return `\\u${blank.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
