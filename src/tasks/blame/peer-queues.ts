import type { NodeId } from '../../common/index.js';

type Job = () => Promise<void>;

type Queue = { running: boolean; readonly waiting: Job[] };

/** Work that peers cause: of each peer one at a time, and few wait. A peer keeps only itself waiting. */
export class PeerQueues {
  readonly #waitingMax: number;
  readonly #queues = new Map<NodeId, Queue>();
  #closed = false;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  hasRoom(peer: NodeId): boolean {
    const queue = this.#queues.get(peer);
    return !this.#closed && (queue === undefined || queue.waiting.length < this.#waitingMax);
  }

  /** Begins `job` when those before it of the same peer have ended. `job` does not reject. */
  add(peer: NodeId, job: Job): void {
    const queue = this.#queues.get(peer) ?? { running: false, waiting: [] };
    this.#queues.set(peer, queue);
    queue.waiting.push(job);
    if (!queue.running) void this.#run(peer, queue);
  }

  /** Nothing more is begun. */
  close(): void {
    this.#closed = true;
    this.#queues.clear();
  }

  async #run(peer: NodeId, queue: Queue): Promise<void> {
    queue.running = true;
    for (let job = queue.waiting.shift(); job !== undefined && !this.#closed;) {
      await job();
      job = queue.waiting.shift();
    }
    queue.running = false;
    this.#queues.delete(peer);
  }
}
