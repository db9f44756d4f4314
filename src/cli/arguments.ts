import { usageError } from './exit-codes.js';

/** Reads a flag that is a count from 1 on. */
export function countArgument(flag: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1) throw usageError(`${flag} must be a whole number from 1 on, not "${text}"`);
    return count;
  };
}
