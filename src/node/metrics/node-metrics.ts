import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Backend, NodeStatus } from '../../api/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import type { Clock, Logger, Meter, RoomLevel } from '../../ports/index.js';
import { VERSION } from '../../version.js';
import { KeyAges } from './key-ages.js';
import { NodeMeter } from './node-meter.js';
import { MetricsRegistry } from './registry.js';

/** How often the delay of the event loop is measured: each time wakes the process. */
const LOOP_MEASURED_MS: Millis = 50;
const ROOMS: Readonly<Record<RoomLevel, number>> = { enough: 2, low: 1, none: 0 };
const STANDINGS: Readonly<Record<NodeStatus['standing'], number>> = {
  undisputed: 2,
  confirmed: 1,
  unconfirmed: 0,
};
const DATA_FILE = 'data.mdb';

/** The facts that a node is asked for when its metrics are. */
export type MetricsSource = {
  backend(): Backend | undefined;
  isReady(): boolean;
  counts(): { readonly messages: number; readonly bytes: number; readonly writes: number };
  logMemoryBytes(): number;
  certificateEndMs(member: NodeId): Millis | undefined;
  /** Of the embedded stores. */
  readonly folders: readonly string[];
};

/** The metrics of one node: what is counted as it happens, and what is looked at when somebody asks. */
export class NodeMetrics implements Disposable {
  readonly meter: Meter;
  readonly #registry = new MetricsRegistry();
  readonly #clock: Clock;
  readonly #keyAges: KeyAges;
  readonly #delays: IntervalHistogram;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.meter = new NodeMeter(this.#registry);
    this.#keyAges = new KeyAges(this.#registry, clock);
    this.#delays = monitorEventLoopDelay({ resolution: LOOP_MEASURED_MS });
    this.#delays.enable();
    this.#registry.set('quorate_build_info', 1, { version: VERSION });
    const startMs = clock.now() - performance.now();
    this.#registry.set('quorate_process_start_time_seconds', startMs / 1000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it, in the text format of Prometheus. */
  async text(source: MetricsSource): Promise<string> {
    this.#ofProcess();
    this.#ofNode(source);
    const backend = source.backend();
    if (backend !== undefined) {
      this.#ofConsensus(backend);
      this.#ofState(backend, source);
      this.#ofVoters(backend.status().monitor);
      await this.#keyAges.look(backend.local());
    }
    return this.#registry.text();
  }

  [Symbol.dispose](): void {
    this.#delays.disable();
  }

  #ofProcess(): void {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    this.#registry.set('quorate_process_resident_bytes', rss);
    this.#registry.set('quorate_process_heap_bytes', heapUsed);
    this.#registry.total('quorate_process_cpu_seconds_total', (user + system) / 1e6);
    for (const percentile of [50, 99, 100]) {
      // The histogram has the time between two looks, of which the resolution is no delay.
      const ms = this.#delays.percentile(percentile) / 1e6 - LOOP_MEASURED_MS;
      const seconds = this.#delays.count === 0 ? 0 : Math.max(0, ms) / 1000;
      const labels = { percentile: String(percentile) };
      this.#registry.set('quorate_event_loop_delay_seconds', seconds, labels);
    }
    this.#delays.reset();
  }

  #ofNode(source: MetricsSource): void {
    const { writes, messages, bytes } = source.counts();
    this.#registry.set('quorate_ready', Number(source.isReady()));
    this.#registry.total('quorate_store_writes_total', writes);
    this.#registry.total('quorate_peer_messages_total', messages);
    this.#registry.total('quorate_peer_bytes_total', bytes);
    this.#registry.set('quorate_log_memory_bytes', source.logMemoryBytes());
    for (const folder of source.folders) {
      const size = bytesOnDisk(join(folder, DATA_FILE));
      if (size !== undefined)
        this.#registry.set('quorate_store_bytes', size, { store: basename(folder) });
    }
  }

  #ofConsensus(backend: Backend): void {
    const status = backend.status();
    const { term, leader, nodeId, commit, applied, room, freeBytes, connected } = status;
    this.#registry.set('quorate_raft_term', term);
    this.#registry.set('quorate_raft_is_leader', Number(leader === nodeId));
    this.#registry.set('quorate_raft_has_leader', Number(leader !== undefined));
    this.#registry.set('quorate_raft_has_quorum', Number(backend.quorum().present));
    this.#registry.set('quorate_raft_commit_index', commit);
    this.#registry.set('quorate_raft_applied_index', applied);
    this.#registry.set('quorate_members_connected', connected.length);
    this.#registry.set('quorate_disk_room', ROOMS[room]);
    this.#registry.set('quorate_log_standing', STANDINGS[status.standing]);
    if (freeBytes !== undefined) this.#registry.set('quorate_disk_free_bytes', freeBytes);
    if (status.audit === undefined) return;
    const { isBehind, lagMs, line } = status.audit;
    this.#registry.set('quorate_audit_behind', Number(isBehind));
    this.#registry.set('quorate_audit_lag_seconds', lagMs / 1000);
    this.#registry.total('quorate_audit_lines_total', line);
  }

  #ofVoters({ scores, leaders }: NodeStatus['monitor']): void {
    this.#registry.clear('quorate_voter_score');
    this.#registry.clear('quorate_voter_commit_seconds');
    for (const { node, points, commitMs } of scores) {
      this.#registry.set('quorate_voter_score', points, { member: node });
      this.#registry.set('quorate_voter_commit_seconds', commitMs / 1000, { member: node });
    }
    for (const { leader, done, failed } of leaders) {
      this.#registry.total('quorate_leader_tasks_total', done, { leader, result: 'done' });
      this.#registry.total('quorate_leader_tasks_total', failed, { leader, result: 'failed' });
    }
  }

  #ofState(backend: Backend, source: MetricsSource): void {
    const { openSecrets, presignatures, primeStocks } = backend.status();
    const { keyCount, open } = backend.local().totals();
    this.#registry.set('quorate_keys', Number(keyCount));
    this.#registry.clear('quorate_tasks_open');
    for (const { kind, count } of open) this.#registry.set('quorate_tasks_open', count, { kind });
    this.#registry.set('quorate_presignatures', presignatures.held);
    for (const { profile, ready } of primeStocks)
      this.#registry.set('quorate_primes', ready, { profile });
    this.#registry.set('quorate_open_secrets', openSecrets.open);
    this.#registry.set('quorate_open_secrets_bytes', openSecrets.bytes);
    this.#registry.total('quorate_open_secrets_hits_total', openSecrets.hits);
    this.#registry.total('quorate_open_secrets_misses_total', openSecrets.misses);
    const failures = backend.signingFailures().reduce((sum, each) => sum + each.count, 0);
    this.#registry.set('quorate_signing_failures', failures);
    const nowMs = this.#clock.now();
    for (const { nodeId: member } of backend.local().members()) {
      const endMs = source.certificateEndMs(member);
      if (endMs !== undefined)
        this.#registry.set('quorate_certificate_remaining_seconds', (endMs - nowMs) / 1000, {
          member,
        });
    }
  }
}

/** Counts the alarms that a logger writes. */
export function countingAlarms(logger: Logger, meter: Meter): Logger {
  return {
    debug: (...line) => logger.debug(...line),
    info: (...line) => logger.info(...line),
    warn: (...line) => logger.warn(...line),
    error: (...line) => logger.error(...line),
    alarm: (message, fields) => {
      const held = Number(fields?.['held_back'] ?? 0);
      meter.alarmRaised(message, 1 + held);
      logger.alarm(message, fields);
    },
  };
}

function bytesOnDisk(path: string): number | undefined {
  try {
    return statSync(path).blocks * 512;
  } catch {
    return undefined;
  }
}
