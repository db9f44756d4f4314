import type { Millis, NodeId } from '../common/index.js';
import type { Channel, Clock, Network, PatientNetwork, Timer } from '../ports/index.js';

/** Messages that wait for one peer, at most: as many as one frame carries. */
export const HELD_MESSAGES_MAX = 64;

type Held = {
  readonly channel: Channel;
  readonly message: () => Uint8Array | undefined;
  readonly longerMs: (() => Millis) | undefined;
  readonly dueMs: Millis;
};

/** The messages that wait for one peer, the oldest first. The timer is set for the first that is due. */
type Waiting = { held: Held[]; timer: Timer; dueMs: Millis };

/**
 * Keeps messages that nothing waits for until something leaves for the same peer, which then carries them: a frame costs as
 * much as what is in it. Order is kept: what waits leaves before what comes behind it.
 */
export class WaitingNetwork implements PatientNetwork {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #waiting = new Map<NodeId, Waiting>();
  #isStopped = false;

  constructor(network: Network, clock: Clock) {
    this.#network = network;
    this.#clock = clock;
  }

  send(to: NodeId, channel: Channel, bytes: Uint8Array): void {
    this.#release(to);
    this.#network.send(to, channel, bytes);
  }

  sendSoon(
    to: NodeId,
    channel: Channel,
    withinMs: Millis,
    message: () => Uint8Array | undefined,
    longerMs?: () => Millis,
  ): void {
    if (this.#isStopped) return;
    const dueMs = this.#clock.elapsed() + withinMs;
    const held = { channel, message, longerMs, dueMs };
    const waiting = this.#waiting.get(to);
    if (waiting === undefined) this.#hold(to, [held]);
    else {
      waiting.held.push(held);
      if (waiting.held.length >= HELD_MESSAGES_MAX) this.#release(to);
      else if (dueMs < waiting.dueMs) {
        waiting.timer.cancel();
        this.#hold(to, waiting.held);
      }
    }
  }

  /** Forgets what waits, and lets nothing wait any more. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #hold(to: NodeId, held: Held[]): void {
    const dueMs = Math.min(...held.map((each) => each.dueMs));
    const delayMs = Math.max(0, dueMs - this.#clock.elapsed());
    const timer = this.#clock.after(delayMs, () => this.#onDue(to));
    this.#waiting.set(to, { held, timer, dueMs });
  }

  /** All leave with the first that cannot wait any longer. */
  #onDue(to: NodeId): void {
    const waiting = this.#waiting.get(to);
    if (waiting === undefined) return;
    const now = this.#clock.elapsed();
    const held = waiting.held.map((each) => {
      const longerMs = each.dueMs <= now ? (each.longerMs?.() ?? 0) : 0;
      return longerMs > 0 ? { ...each, longerMs: undefined, dueMs: now + longerMs } : each;
    });
    if (held.some(({ dueMs }) => dueMs <= now)) this.#release(to);
    else this.#hold(to, held);
  }

  #release(to: NodeId): void {
    const waiting = this.#waiting.get(to);
    if (waiting === undefined) return;
    this.#waiting.delete(to);
    waiting.timer.cancel();
    for (const { channel, message } of waiting.held) {
      const bytes = message();
      if (bytes !== undefined) this.#network.send(to, channel, bytes);
    }
  }
}
