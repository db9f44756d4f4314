import { toHex } from '../../common/index.js';
import type { Timestamp } from '../../wire/index.js';

/** RFC 3339 in UTC with milliseconds, or nothing. */
export function time(at: Timestamp | undefined): string | undefined {
  if (at === undefined) return undefined;
  return new Date(millis(at)).toISOString();
}

/** The same of milliseconds since 1970. */
export function timeAt(ms: bigint): string | undefined {
  return time({ seconds: ms / 1000n, nanos: Number(ms % 1000n) * 1_000_000 });
}

/** Milliseconds since 1970. */
export function millis(at: Timestamp): number {
  return Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}

/** A length of time as a person says it: `3.4 ms`, `120 ms`, `2.1 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Whole seconds in the largest unit that gives a whole number: `7d`, `36h`, `90m`. */
export function interval(seconds: number): string {
  const [unit, size] = LONG_UNITS.find(([, each]) => seconds % each === 0) ?? (['s', 1] as const);
  return `${seconds / size}${unit}`;
}

const LONG_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Lower-case hex, or nothing for no bytes. */
export function hex(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : toHex(bytes);
}

/** The name of an enum's value: `FROST_ED25519_SHA512`, `ACTIVE`. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  const found = Object.entries(names).find(([, number]) => number === value);
  return found?.[0] ?? 'UNRECOGNIZED';
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `30s`, `500ms`, `2m`, `36h`, `7d` or a bare number of seconds; nothing for other words. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  const [, number = '', unit = 's'] = match;
  return Math.round(Number(number) * (UNITS_MS[unit] ?? 1000));
}
