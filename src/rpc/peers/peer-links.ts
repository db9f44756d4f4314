import type { Channel } from '../../ports/index.js';
import { RIDING_BYTES_MAX } from '../limits.js';
import type { PeerLink } from './peer-link.js';

/**
 * The two links to one peer. What is sent on both between two flushes leaves in one frame where it is short: what one event
 * brings travels together.
 */
export class PeerLinks {
  readonly #links: Readonly<Record<Channel, PeerLink>>;

  constructor(links: Readonly<Record<Channel, PeerLink>>) {
    this.#links = links;
  }

  of(channel: Channel): PeerLink {
    return this.#links[channel];
  }

  get all(): readonly PeerLink[] {
    return [this.#links.raft, this.#links.tasks];
  }

  /** Consensus goes first, and takes along what is short enough not to keep it waiting. */
  flush(): void {
    const { raft, tasks } = this.#links;
    const { waiting } = tasks;
    const rides =
      waiting.count > 0 &&
      waiting.bytes <= RIDING_BYTES_MAX &&
      tasks.isFlowing &&
      raft.carries(waiting);
    raft.flush(rides ? tasks.takeWaiting() : []);
    tasks.flush();
  }
}
