/**
 * One change to the compiled code of `src/`. `find` must occur in all of it exactly once: the text names the place, whatever file
 * it is in, so that a source file can move without its edits.
 */
export type Edit = { readonly find: string; readonly replace: string };

/** The texts of compiled files, by their paths below `dist/src`. */
export type CompiledCode = ReadonlyMap<string, string>;

/** The path of the one file that contains `find`, exactly once. Throws an Error that names the text, and the files that share it. */
export function fileOf(code: CompiledCode, find: string): string {
  const places = [...code]
    .map(([file, text]) => ({ file, times: text.split(find).length - 1 }))
    .filter(({ times }) => times > 0);
  const [only] = places;
  if (only?.times === 1 && places.length === 1) return only.file;
  const where =
    places.length === 0
      ? 'in none of them'
      : `in ${places.map(({ file, times }) => `${file} (${times})`).join(', ')}`;
  throw new Error(
    `This text must occur in the compiled files exactly once, and occurs ${where}:\n${find}`,
  );
}

/** The files that these edits change, one edit after the other, with their new texts. Throws as `fileOf` does. */
export function edited(code: CompiledCode, edits: readonly Edit[]): CompiledCode {
  const changed = new Map<string, string>();
  for (const { find, replace } of edits) {
    const file = fileOf(new Map([...code, ...changed]), find);
    const text = changed.get(file) ?? code.get(file) ?? '';
    changed.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return changed;
}
