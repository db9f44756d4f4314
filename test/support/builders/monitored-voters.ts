import {
  at,
  decide,
  isWorthTelling,
  observed,
  switched,
  Windows,
} from '../../../src/monitor/index.js';
import type { Links, MonitorRecord, Verdict } from '../../../src/monitor/index.js';
import { NO_RECORD } from '../../../src/monitor/index.js';
import { isOutdone } from '../../../src/monitor/index.js';

export const WINDOW_MS = 10_000;
const SAMPLES = 3;

/** How voters do, and which of them lie. */
export type Conditions = {
  /** How long `to` takes to answer `from`. */
  readonly answerMs: (from: string, to: string, nowMs: number) => number;
  /** What a voter tells in place of what it has seen. */
  readonly lie?: (observer: string, seen: Links) => Links;
  /** Whether leadership goes to a voter that it is handed to; it does unless given. */
  readonly takes?: (voter: string) => boolean;
};

/** Voters that observe each other through windows of ten seconds, a record of what they tell, and the leaders that come of it. */
export class MonitoredVoters {
  readonly voters: readonly string[];
  readonly #conditions: Conditions;
  readonly #windows: ReadonlyMap<string, Windows>;
  readonly #told = new Map<string, { readonly links: Links; readonly atMs: number }>();
  record: MonitorRecord = NO_RECORD;
  nowMs = 0;
  term = 1;
  leader: string;
  /** When each switch was recorded, and between which voters. */
  readonly switches: { readonly atMs: number; readonly from: string; readonly to: string }[] = [];
  /** When there was an entry with observations. */
  readonly entriesMs: number[] = [];
  verdict: Verdict | undefined;

  constructor(voters: readonly string[], leader: string, conditions: Conditions) {
    this.voters = voters;
    this.leader = leader;
    this.#conditions = conditions;
    this.#windows = new Map(voters.map((voter) => [voter, new Windows()]));
  }

  run(forMs: number): this {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs;) this.step();
    return this;
  }

  /** A leader is elected for a cause of its own. */
  elect(leader: string): void {
    this.term += 1;
    this.leader = leader;
  }

  /** One window. */
  step(): void {
    this.nowMs += WINDOW_MS;
    let isEntry = this.record.term !== this.term;
    let next = at(this.record, this.term, this.nowMs);
    const newestMs = Math.max(0, ...this.record.observations.map((one) => one.appliedMs));
    const isPending = isOutdone({ ...this.#asked(this.record), nowMs: newestMs });
    for (const observer of this.voters) {
      const links = this.#seen(observer);
      const told = this.#told.get(observer);
      const isWorthIt = isWorthTelling({
        links,
        told: told?.links,
        ageMs: told === undefined ? Infinity : this.nowMs - told.atMs,
        isPending,
        isBehindOthers: newestMs > (told?.atMs ?? 0),
      });
      if (!isWorthIt) continue;
      isEntry = true;
      this.#told.set(observer, { links, atMs: this.nowMs });
      next = observed(next, { observer, appliedMs: this.nowMs, links });
    }
    if (isEntry) {
      this.record = next;
      this.entriesMs.push(this.nowMs);
    }
    this.#decide();
  }

  #seen(observer: string): Links {
    const windows = this.#windows.get(observer);
    if (windows === undefined) throw new Error(`no voter ${observer}`);
    const peers = this.voters.filter((voter) => voter !== observer);
    for (const peer of peers) {
      for (let sample = 0; sample < SAMPLES; sample++) {
        windows.took(peer, this.#conditions.answerMs(observer, peer, this.nowMs + sample));
      }
    }
    windows.close(peers);
    const links = windows.links();
    return this.#conditions.lie?.(observer, links) ?? links;
  }

  #asked(record: MonitorRecord): Parameters<typeof decide>[0] {
    const { voters, leader, term, nowMs } = this;
    return { record, voters, leader, term, nowMs };
  }

  #decide(): void {
    const verdict = decide(this.#asked(at(this.record, this.term, this.nowMs)));
    this.verdict = verdict;
    if (verdict.kind !== 'switch') return;
    const { to, fromPoints, toPoints } = verdict;
    const one = { term: this.term, from: this.leader, to, atMs: this.nowMs, fromPoints, toPoints };
    this.record = switched(at(this.record, this.term, this.nowMs), { ...one, outcome: 'open' });
    this.switches.push({ atMs: this.nowMs, from: this.leader, to });
    if (this.#conditions.takes?.(to) !== false) this.elect(to);
  }
}
