/** Rows under a header, columns two spaces apart, as wide as their widest cell. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell ?? '-'));
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
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
