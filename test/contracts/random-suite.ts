import { describe, expect, test } from '@jest/globals';
import { equal } from '../../src/common/index.js';
import type { Random } from '../../src/ports/index.js';

/** What every Random does. That it cannot be guessed, no test shows. */
export function randomSuite(name: string, random: Random): void {
  describe(`random: ${name}`, () => {
    test('the source of randomness gives the requested number of bytes, each time others', () => {
      for (const count of [1, 16, 32, 1000]) expect(random.bytes(count)).toHaveLength(count);
      expect(random.bytes(0)).toHaveLength(0);
      const drawn = Array.from({ length: 100 }, () => random.bytes(16));
      expect(new Set(drawn.map((bytes) => bytes.join())).size).toBe(100);
    });

    test('random bytes have memory of their own, which their owner may wipe or transfer', () => {
      const [one, two] = [random.bytes(32), random.bytes(32)];
      const before = two.slice();
      expect(Object.getPrototypeOf(one)).toBe(Uint8Array.prototype);
      expect([one.byteOffset, one.buffer.byteLength]).toEqual([0, 32]);

      one.fill(0);

      expect(equal(two, before)).toBe(true);
    });
  });
}
