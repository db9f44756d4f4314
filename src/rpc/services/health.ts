import { HealthImplementation } from 'grpc-health-check';
import type { ServingStatus } from 'grpc-health-check';
import type { Listener } from '../listener.js';
import { HEALTH_INTERVAL_MS } from '../limits.js';

/** The standard health service. What it tells is at most a moment old. */
export class Health {
  readonly #services: readonly string[];
  readonly #isServing: () => boolean;
  readonly #implementation: HealthImplementation;
  #current: ServingStatus = 'NOT_SERVING';
  #timer: NodeJS.Timeout | undefined;

  /** @param services - Full names; '' (the server as a whole) is added. All are served, or none. */
  constructor(services: readonly string[], isServing: () => boolean) {
    this.#services = ['', ...services];
    this.#isServing = isServing;
    this.#implementation = new HealthImplementation(
      Object.fromEntries(this.#services.map((service) => [service, this.#current])),
    );
  }

  addTo(listener: Listener): void {
    this.#implementation.addToServer(listener);
  }

  start(): void {
    this.#timer = setInterval(() => this.refresh(), HEALTH_INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  refresh(): void {
    const now: ServingStatus = this.#isServing() ? 'SERVING' : 'NOT_SERVING';
    if (now === this.#current) return;
    this.#current = now;
    for (const service of this.#services) this.#implementation.setStatus(service, now);
  }
}
