import { ClusterError } from '../common/index.js';

/** A value out of a JSON file, with the path that an error names: `members[0].role`. */
export type Place = { readonly value: unknown; readonly path: string };

/** Refuses the file and says where. */
export function refuse(path: string, message: string): never {
  throw new ClusterError('invalid-request', path === '' ? message : `${path}: ${message}`, {
    field: path,
  });
}

/**
 * Reads JSON of one meaning only: strict UTF-8 without a mark, each field once, numbers and texts in their usual
 * spelling. White space is free.
 *
 * @throws ClusterError `invalid-request`.
 */
export function parseStrictJson(bytes: Uint8Array): Place {
  let source: string;
  let value: unknown;
  try {
    source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(source);
  } catch (cause) {
    throw new ClusterError('invalid-request', 'Not a JSON file in UTF-8', { field: '', cause });
  }
  // JSON.parse keeps the last of two fields of one name, and other readers the first. What it kept, written again, must
  // be what was there.
  const withoutSpace = source.replace(/("(?:[^"\\]+|\\.)*")|\s+/g, '$1');
  if (JSON.stringify(value) !== withoutSpace)
    refuse('', 'A field stands twice, or a number or text is spelled in an unusual way');
  return { value, path: '' };
}

/**
 * The fields of an object that has exactly these.
 *
 * @param optional - Fields that may be absent.
 */
export function fields<N extends string, O extends string = never>(
  place: Place,
  names: readonly N[],
  optional: readonly O[] = [],
): Record<N, Place> & Partial<Record<O, Place>> {
  const { value, path } = place;
  if (!isObject(value)) return refuse(path, 'Must be an object');

  const known = new Set<string>([...names, ...optional]);
  const stranger = Object.keys(value).find((name) => !known.has(name));
  if (stranger !== undefined) refuse(inside(path, stranger), 'Is not a known field');
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) refuse(inside(path, missing), 'Is missing');

  const there = [...names, ...optional.filter((name) => Object.hasOwn(value, name))];
  return fromNames(there, (name) => ({ value: value[name], path: inside(path, name) }));
}

export function list(place: Place, maximum: number): readonly Place[] {
  const { value, path } = place;
  if (!Array.isArray(value)) return refuse(path, 'Must be a list');
  if (value.length > maximum) refuse(path, `Has more than ${maximum} members`);
  return value.map((each: unknown, at) => ({ value: each, path: `${path}[${at}]` }));
}

export function text({ value, path }: Place): string {
  return typeof value === 'string' ? value : refuse(path, 'Must be a text');
}

export function flag({ value, path }: Place): boolean {
  return typeof value === 'boolean' ? value : refuse(path, 'Must be true or false');
}

/** A whole number, both bounds included. */
export function integer({ value, path }: Place, minimum: number, maximum: number): number {
  const good = typeof value === 'number' && Number.isSafeInteger(value);
  if (!good || value < minimum || value > maximum)
    return refuse(path, `Must be a whole number from ${minimum} to ${maximum}`);
  return value;
}

function inside(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fromNames<N extends string, V>(names: readonly N[], make: (name: N) => V): Record<N, V> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it holds every name of N, by the line itself
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, V>;
}
