import { compareText, toHex } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { observationBytes } from '../../identity/index.js';
import {
  ANSWER_MS_MAX,
  CLOCK_APART_MS,
  isOutdone,
  isWorthTelling,
  WINDOW_MS,
  Windows,
} from '../../monitor/index.js';
import type { Links, MonitorRecord } from '../../monitor/index.js';
import type { Random } from '../../ports/index.js';
import { readLevel, readMonitor } from '../../state/index.js';
import type { View } from '../../state/index.js';
import { MONITOR_LEVEL } from '../../wire/index.js';
import type { Observation } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import {
  OBSERVED_TERM_REPEAT_MS,
  PROBE_BYTES,
  PROBE_UNANSWERED_MS,
  PROBE_WITHIN_MS,
} from '../limits.js';
import type { Work } from '../work.js';

type Probe = { readonly peer: NodeId; readonly sentMs: Millis };

/**
 * How long the other voters take to answer this node: a probe to each of them every second, and what came of it as this node's signed
 * word in the log. A probe's number is random, so that none can be answered before it has come. Its time begins when it leaves,
 * which is along with other messages.
 */
export class Observer implements Work {
  readonly #context: TaskContext;
  readonly #view: View;
  readonly #leadership: Leadership;
  readonly #random: Random;
  readonly #windows = new Windows();
  /** Probes without an answer, by their numbers: those of one window and a little more. */
  readonly #open = new Map<string, Probe>();
  #windowSinceMs: Millis | undefined;
  #told: { readonly madeMs: bigint; readonly sinceMs: Millis } | undefined;
  #sentMs = -Infinity;

  constructor(context: TaskContext, view: View, leadership: Leadership, random: Random) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
    this.#random = random;
  }

  sweep(): void {
    if (readLevel(this.#view) < MONITOR_LEVEL) return;
    const now = this.#context.clock.elapsed();
    this.#windowSinceMs ??= now;
    const isOver = now - this.#windowSinceMs >= WINDOW_MS;
    if (isOver) this.#closeWindow(now);
    this.#look(now, isOver);
    this.#probe(now);
  }

  close(): void {
    this.#open.clear();
  }

  /** Takes the answer to a probe. Any other is dropped. */
  answered(from: NodeId, nonce: Uint8Array): void {
    const number = toHex(nonce.subarray(0, PROBE_BYTES));
    const probe = this.#open.get(number);
    if (probe?.peer !== from || nonce.length !== PROBE_BYTES) return;
    this.#open.delete(number);
    this.#windows.took(from, this.#context.clock.elapsed() - probe.sentMs);
  }

  #peers(): readonly NodeId[] {
    const { outbox, self } = this.#context;
    return outbox.voters().filter((voter) => voter !== self.id);
  }

  #probe(madeMs: Millis): void {
    const { clock, outbox, self } = this.#context;
    if (!outbox.voters().includes(self.id)) return;
    for (const peer of this.#peers()) {
      const nonce = this.#random.bytes(PROBE_BYTES);
      const number = toHex(nonce);
      // One for a peer that is not connected never leaves, and counts as unanswered.
      this.#open.set(number, { peer, sentMs: madeMs });
      outbox.sendSoon(peer, PROBE_WITHIN_MS, () => {
        if (!this.#open.has(number)) return undefined;
        this.#open.set(number, { peer, sentMs: clock.elapsed() });
        return { message: { $case: 'probe', value: { nonce } } };
      });
    }
  }

  #closeWindow(now: Millis): void {
    for (const [number, { peer, sentMs }] of this.#open) {
      if (now - sentMs < PROBE_UNANSWERED_MS) continue;
      this.#open.delete(number);
      this.#windows.took(peer, ANSWER_MS_MAX);
    }
    this.#windows.close(this.#peers());
    this.#windowSinceMs = now;
  }

  /** Tells what has come of the last windows, where that is worth an entry. */
  #look(now: Millis, isWindowOver: boolean): void {
    const { record, said } = readMonitor(this.#view);
    const own = said.get(this.#context.self.id);
    if (own !== undefined && own.timeMs !== this.#told?.madeMs)
      this.#told = { madeMs: own.timeMs, sinceMs: now };
    const links = this.#windows.links();
    // A leader sees to it that the record begins with its term: until then nobody can say how long it has led.
    const { term } = this.#leadership;
    const isNewTerm = term !== undefined && term !== record.term;
    const isDue = isWindowOver
      ? isWorthTelling(this.#telling(record, links, own, now))
      : isNewTerm && links.size > 0 && now - this.#sentMs >= OBSERVED_TERM_REPEAT_MS;
    if (isDue) this.#tell(links, own, now);
  }

  #telling(
    record: MonitorRecord,
    links: Links,
    own: Observation | undefined,
    now: Millis,
  ): Parameters<typeof isWorthTelling>[0] {
    const { consensus, outbox, self } = this.#context;
    const { leader, term } = consensus.status();
    const newestMs = Math.max(0, ...record.observations.map(({ appliedMs }) => appliedMs));
    const ownMs = record.observations.find(({ observer }) => observer === self.id)?.appliedMs ?? 0;
    const asked = { record, voters: outbox.voters(), term, nowMs: newestMs };
    return {
      links,
      told: own && new Map(own.links.map((link) => [link.nodeId, link.windowMs])),
      ageMs: this.#told === undefined ? Infinity : now - this.#told.sinceMs,
      isPending: leader !== undefined && isOutdone({ ...asked, leader }),
      isBehindOthers: newestMs > ownMs,
    };
  }

  #tell(links: Links, own: Observation | undefined, now: Millis): void {
    const { clock, consensus, judging, outbox, self } = this.#context;
    const { leader } = consensus.status();
    if (leader === undefined) return;
    this.#sentMs = now;
    const madeMs = clock.now();
    // Later than the last one, unless that is of a time when this clock was far ahead: it counts no more.
    const lastMs = Number(own?.timeMs ?? 0);
    const timeMs = lastMs > madeMs + CLOCK_APART_MS ? madeMs : Math.max(madeMs, lastMs + 1);
    const unsigned = {
      nodeId: self.id,
      timeMs: BigInt(timeMs),
      links: [...links]
        .map(([nodeId, windowMs]) => ({ nodeId, windowMs: [...windowMs] }))
        .toSorted((a, b) => compareText(a.nodeId, b.nodeId)),
    };
    const signature = self.signer.sign(observationBytes(judging.genesis.clusterId, unsigned));
    outbox.send(leader, {
      message: { $case: 'observation', value: { ...unsigned, signature } },
    });
  }
}
