import type { Millis } from '../common/index.js';
import type { Clock, Logger, LogFields } from '../ports/index.js';
import { ALARM_LEVELS } from './kinds.js';
import type { AlarmKind } from './kinds.js';
import { ALARM_EVERY_MS, ALARM_PLACES_MAX } from './limits.js';

/** `loggedMs` is on the clock that does not jump. */
type Place = { loggedMs: number; heldBack: number };

/** Writes the lines of {@link ALARM_LEVELS}: at most one for each kind and peer in an interval. */
export class Alarms {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #logger: Pick<Logger, 'alarm' | 'warn'>;
  readonly #everyMs: Millis;
  /** In the order of their last line, the oldest first. */
  readonly #places = new Map<string, Place>();

  /** @param everyMs - Between two lines of one kind and peer. */
  constructor(
    clock: Pick<Clock, 'elapsed'>,
    logger: Pick<Logger, 'alarm' | 'warn'>,
    everyMs: Millis = ALARM_EVERY_MS,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#everyMs = everyMs;
  }

  /**
   * Logs the line, with `held_back` for the lines of this kind and peer since the last one; or holds it back.
   *
   * @param peer - The node or caller that caused it, as its certificate names it; `undefined` where that is not known.
   * @param fields - Facts of this one line. They tell no lines apart.
   */
  raise(kind: AlarmKind, peer: string | undefined, fields: LogFields = {}): void {
    const nowMs = this.#clock.elapsed();
    const name = this.#nameOf(kind, peer, nowMs);
    const place = this.#places.get(name) ?? { loggedMs: -Infinity, heldBack: 0 };
    if (nowMs - place.loggedMs < this.#everyMs) {
      place.heldBack += 1;
      return;
    }
    const { heldBack } = place;
    this.#places.delete(name);
    this.#places.set(name, { loggedMs: nowMs, heldBack: 0 });
    this.#logger[ALARM_LEVELS[kind]](kind, {
      ...(peer !== undefined && { peer }),
      ...fields,
      ...(heldBack > 0 && { held_back: heldBack }),
    });
  }

  /** The place of its own that kind and peer have; where there is no room, the place of the kind for all others. */
  #nameOf(kind: AlarmKind, peer: string | undefined, nowMs: number): string {
    const own = JSON.stringify([kind, peer]);
    if (this.#places.has(own) || this.#places.size < ALARM_PLACES_MAX) return own;
    const [oldest] = this.#places;
    if (oldest !== undefined && nowMs - oldest[1].loggedMs >= this.#everyMs) {
      this.#places.delete(oldest[0]);
      return own;
    }
    return JSON.stringify([kind]);
  }
}
