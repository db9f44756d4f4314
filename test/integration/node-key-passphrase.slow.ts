import { afterEach, beforeEach, describe, jest } from '@jest/globals';
import { keyVariableSuite } from '../support/builders/key-variable-suite.js';
import { temporaryDirectory } from '../support/builders/stores.js';

/* Each start makes a key of a passphrase, some tenths of a second: too slow for `npm test`. */

jest.setTimeout(600_000);

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe('a node key made of a passphrase in a variable', () => {
  keyVariableSuite('passphrase', () => directory.path);
});
