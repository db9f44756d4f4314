import { MongoError, MongoServerError } from 'mongodb';
import { wordsOf } from '../../common/index.js';
import { ShareStoreError } from '../../ports/index.js';
import { withoutPassword } from './place.js';

const DUPLICATE_KEY = 11_000;
const NAMESPACE_EXISTS = 48;

export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

export function isThereAlready(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === NAMESPACE_EXISTS;
}

/** Claims that a server refused a command as such, for example for want of a right or of a feature. */
export function isRefused(error: unknown): boolean {
  return error instanceof MongoServerError;
}

/**
 * The error of a call that did not come to a known end. Whatever it was passes, by itself or when an operator has mended it: the
 * driver connects anew for the next call.
 */
export function unavailable(what: string, error: unknown, uri: string): ShareStoreError {
  return new ShareStoreError('unavailable', what, new Error(driverWords(error, uri)));
}

/** The driver's own words, with the server's code, without the connection string's password. */
export function driverWords(error: unknown, uri: string): string {
  const code = error instanceof MongoError && error.code !== undefined ? ` ${error.code}` : '';
  const name = error instanceof Error ? error.name : 'error';
  return withoutPassword(`${name}${code}: ${wordsOf(error)}`, uri);
}
