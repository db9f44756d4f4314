import { Bug } from '../common/index.js';
import { testPowers } from '../crypto/index.js';
import { areGeneratorsRight } from './curve.js';

/**
 * Known answers, looked at once at start: powers modulo numbers of the lengths of keys, and the curves' second generators.
 * About 40 ms.
 *
 * @throws Bug when an answer is wrong.
 */
export function testGg20(): void {
  testPowers();
  if (!areGeneratorsRight()) throw new Bug('A second generator is not what its text hashes to');
}
