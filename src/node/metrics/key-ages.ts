import type { Millis } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import { isInUse } from '../../state/index.js';
import type { ActiveKey, Queries } from '../../state/index.js';
import type { MetricsRegistry } from './registry.js';

/** The keys are looked at so often at most, and so many of them between two turns of the event loop. */
export const KEYS_LOOKED_AT_EVERY_MS: Millis = 60_000;
const KEYS_AT_ONCE = 500;

/** How long ago keys were refreshed, as the state says. */
export class KeyAges {
  readonly #registry: MetricsRegistry;
  readonly #clock: Pick<Clock, 'elapsed'>;
  #lookedMs = -Infinity;

  constructor(registry: MetricsRegistry, clock: Pick<Clock, 'elapsed'>) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Looks at all keys, unless that was done a little while ago. */
  async look(queries: Queries): Promise<void> {
    const nowMs = this.#clock.elapsed();
    if (nowMs - this.#lookedMs < KEYS_LOOKED_AT_EVERY_MS) return;
    this.#lookedMs = nowMs;
    const ages: Millis[] = [];
    let [overdueMs, failing] = [0, 0];
    for (let after = ''; ;) {
      const keys = queries.keysAfter(after, KEYS_AT_ONCE);
      const logMs = Number(queries.totals().timeMs) + queries.correctionMs();
      for (const key of keys) {
        const due = dueOf(key);
        if (due === undefined) continue;
        ages.push(Math.max(0, logMs - due.lastMs));
        overdueMs = Math.max(overdueMs, logMs - due.dueMs);
        if (due.failures > 0) failing += 1;
      }
      if (keys.length < KEYS_AT_ONCE) break;
      after = keys.at(-1)?.keyId ?? after;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#registry.clear('quorate_key_reshare_age_seconds');
    for (const age of ages) this.#registry.observe('quorate_key_reshare_age_seconds', age / 1000);
    this.#registry.set('quorate_key_refresh_overdue_seconds', overdueMs / 1000);
    this.#registry.set('quorate_key_refresh_failures', failing);
  }
}

/** Of a key in use that is refreshed by schedule: a refresh comes an interval after the one before it. */
function dueOf(
  key: ActiveKey,
): { readonly lastMs: Millis; readonly dueMs: Millis; readonly failures: number } | undefined {
  const { resharing } = key;
  if (resharing === undefined || resharing.intervalMs === 0n || !isInUse(key)) return undefined;
  const dueMs = Number(resharing.dueMs);
  return { lastMs: dueMs - Number(resharing.intervalMs), dueMs, failures: resharing.failures };
}
