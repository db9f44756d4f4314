import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../src/ports/index.js';

/** A clock, and the way to let its time pass. */
export type ClockPlace = {
  readonly clock: Clock;
  /** Resolves when at least `ms` have passed on the clock and what was due has run. */
  readonly pass: (ms: number) => Promise<void>;
};

/** What every Clock does. */
export function clockSuite(name: string, makePlace: () => ClockPlace): void {
  describe(`clock: ${name}`, () => {
    test('a clock tells whole milliseconds, and elapsed time that never goes back', async () => {
      const { clock, pass } = makePlace();
      const told = [clock.elapsed()];
      for (let at = 0; at < 5; at++) {
        await pass(3);
        told.push(clock.elapsed());
      }
      expect([clock.now(), ...told].every(Number.isInteger)).toBe(true);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      expect((told.at(-1) ?? 0) - (told[0] ?? 0)).toBeGreaterThanOrEqual(14);
    });

    test('a clock runs a timer once, not before its time, and never at once', async () => {
      const { clock, pass } = makePlace();
      const begun = clock.elapsed();
      const ran: number[] = [];
      clock.after(0, () => ran.push(0));
      clock.after(10, () => ran.push(clock.elapsed() - begun));
      expect(ran).toEqual([]);

      await pass(30);

      expect(ran).toHaveLength(2);
      // Both readings are rounded down, so that ten whole milliseconds may show as nine.
      expect(ran[1]).toBeGreaterThanOrEqual(9);
    });

    test('a clock runs no cancelled timer', async () => {
      const { clock, pass } = makePlace();
      let ran = 0;
      const timer = clock.after(5, () => (ran += 1));
      const late = clock.after(0, () => (ran += 10));
      timer.cancel();
      timer.cancel();

      await pass(20);
      late.cancel();

      expect(ran).toBe(10);
    });

    test('a clock runs the shorter timer first', async () => {
      const { clock, pass } = makePlace();
      const ran: string[] = [];
      clock.after(15, () => ran.push('long'));
      clock.after(2, () => ran.push('short'));
      await pass(40);
      expect(ran).toEqual(['short', 'long']);
    });
  });
}
