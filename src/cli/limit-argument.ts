import { DEFAULT_LIMITS, LIMIT_CEILINGS, LIMIT_NAMES } from '../identity/index.js';
import type { Limits } from '../identity/index.js';
import { usageError } from './exit-codes.js';

/** In the order of `cluster.json`. */
const NAMES = new Map(keysOf(LIMIT_NAMES).map((key) => [LIMIT_NAMES[key], key]));

/** One line for each limit of a genesis: its name, its default, and its highest value. */
export function limitHelp(): string {
  const lines = [...NAMES].map(
    ([name, key]) => `  ${name.padEnd(26)} ${DEFAULT_LIMITS[key]}, at most ${LIMIT_CEILINGS[key]}`,
  );
  return lines.join('\n');
}

/** Reads `--limit name=value`, any number of times. */
export function limitArgument(text: string, before: Limits = DEFAULT_LIMITS): Limits {
  const [, name = '', digits = ''] = /^([^=]*)=(\d{1,15})$/.exec(text) ?? [];
  const key = NAMES.get(name);
  if (key === undefined) {
    throw usageError(
      `--limit must be name=number, the name one of ${[...NAMES.keys()].join(', ')}, not "${text}"`,
    );
  }
  const value = Number(digits);
  const ceiling = LIMIT_CEILINGS[key];
  if (value < 1 || value > ceiling)
    throw usageError(`--limit ${name} must be from 1 to ${ceiling}, not ${digits}`);
  return { ...before, [key]: value };
}

function keysOf(limits: Readonly<Record<keyof Limits, string>>): readonly (keyof Limits)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has exactly these keys
  return Object.keys(limits) as (keyof Limits)[];
}
