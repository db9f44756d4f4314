import { Option } from 'commander';
import { fromHex } from '../common/index.js';
import { Gg20Profile } from '../client/index.js';
import type { Algorithm } from '../client/index.js';
import {
  algorithmName,
  isKeyAlgorithm,
  ALGORITHMS,
  isPath,
  isSetProfile,
  KEY_ALGORITHMS,
  PROFILE_NAMES,
} from '../identity/index.js';
import type { KeyAlgorithm, SetProfile } from '../identity/index.js';
import { usageError } from './exit-codes.js';
import { parseDuration } from './format/values.js';

/** Algorithms that this release makes keys of. */
export const ALGORITHM_NAMES: readonly string[] = KEY_ALGORITHMS.map(
  (algorithm) => ALGORITHMS[algorithm].name,
);

/** Reads the name of an algorithm. */
export function algorithmArgument(name: string): KeyAlgorithm {
  const algorithm = KEY_ALGORITHMS[ALGORITHM_NAMES.indexOf(name)];
  if (algorithm !== undefined) return algorithm;
  const there = ALGORITHM_NAMES.join(', ');
  throw usageError(`"${name}" is no algorithm; there are ${there}`);
}

/** Reads the name of a profile of GG20. */
export function profileArgument(name: string): SetProfile {
  const found = [Gg20Profile.P3072, Gg20Profile.P2048].find(
    (profile): profile is SetProfile => isSetProfile(profile) && PROFILE_NAMES[profile] === name,
  );
  if (found !== undefined) return found;
  throw usageError(`--gg20-profile must be P3072 or P2048, not "${name}"`);
}

/** Refuses a profile of GG20 for keys of another algorithm. */
export function requireProfileFits(profile: SetProfile | undefined, algorithm: Algorithm): void {
  const isEcdsa = isKeyAlgorithm(algorithm) && ALGORITHMS[algorithm].signs === 'digest';
  if (profile === undefined || isEcdsa) return;
  const name = algorithmName(algorithm);
  throw usageError(`--gg20-profile goes with GG20_SECP256K1 and GG20_P256, not with ${name}`);
}

/** The meaning of `--request-id`: a node remembers a request for as long as its task. */
export const REQUEST_ID_HELP =
  'the same id again gets the same answer for an hour, and is a new request later (default: a fresh id)';

/** Reads a flag of bytes in hex. */
export function hexArgument(flag: string): (text: string) => Uint8Array {
  return (text) => {
    const bytes = fromHex(text.trim().toLowerCase());
    if (bytes === undefined) throw usageError(`${flag} must be hex characters`);
    return bytes;
  };
}

/** Reads a flag of bytes in base64, with or without padding, of the alphabet for URLs or the usual one. */
export function base64Argument(flag: string): (text: string) => Uint8Array {
  return (text) => {
    const digits = text.trim().replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Buffer.from(digits, 'base64');
    // Buffer reads what it can. Only what it writes again was base64.
    if (bytes.toString('base64').replace(/=+$/, '') !== digits)
      throw usageError(`${flag} must be base64`);
    return new Uint8Array(bytes);
  };
}

/** `--path`, as all commands have it. */
export function pathOption(description: string): Option {
  return new Option('--path <numbers>', description).argParser(pathArgument);
}

/** Refuses bytes of another length than the algorithm's. */
export function requireLength(
  flag: string,
  { length }: Uint8Array,
  wanted: number | undefined,
): void {
  if (wanted === undefined || length === wanted) return;
  throw usageError(`${flag} must be ${wanted} bytes (${wanted * 2} hex characters), not ${length}`);
}

/** Reads a derivation path: `0/5`, or `m/0/5` as wallets write it. */
function pathArgument(text: string): readonly number[] {
  const path = text.replace(/^m(\/|$)/, '');
  const numbers = path === '' ? [] : path.split('/').map(Number);
  if (/^[\d/]*$/.test(path) && !path.includes('//') && isPath(numbers)) return numbers;
  const hardened = /['hH]/.test(path) ? ': hardened keys cannot be derived from a public key' : '';
  throw usageError(
    `--path must be at most 16 numbers below 2^31 such as 0/5, not "${text}"${hardened}`,
  );
}

/** Reads a flag of several words, `a,b,c`. */
export function listArgument(flag: string): (text: string) => readonly string[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    if (words.includes(''))
      throw usageError(`${flag} must be names with commas between them, not "${text}"`);
    return words;
  };
}

/** Reads a flag that is a count from 1 on. */
export function countArgument(flag: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1) throw usageError(`${flag} must be a whole number from 1 on, not "${text}"`);
    return count;
  };
}

/** Of a flag that takes one of these words. */
export function wordArgument<T>(
  flag: string,
  words: Readonly<Record<string, T>>,
): (word: string) => T {
  return (word) => {
    const value = Object.hasOwn(words, word) ? words[word] : undefined;
    if (value !== undefined) return value;
    throw usageError(`${flag} must be one of ${Object.keys(words).join(', ')}, not "${word}"`);
  };
}

/** Reads how often shares are refreshed, in milliseconds: 0 for `never`. */
export function intervalArgument(flag: string): (text: string) => number {
  return (text) => {
    const ms = text === 'never' ? 0 : parseDuration(text);
    if (ms !== undefined && (ms > 0 || text === 'never')) return ms;
    throw usageError(`${flag} must be a time such as 12h or 7d, or never, not "${text}"`);
  };
}
