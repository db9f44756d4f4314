type Words = { readonly help: string; readonly labels?: readonly string[] };

/** One metric: what it is, and the labels that tell its series apart. Docs: docs/reference/metrics.md. */
export type Metric =
  | (Words & { readonly type: 'gauge' | 'counter' })
  | (Words & { readonly type: 'histogram'; readonly buckets: readonly number[] });

const GAUGE = { type: 'gauge' } as const;
const COUNTER = { type: 'counter' } as const;

/** Of a task's phase: from what one round takes to what an operator waits for. */
const PHASE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an hour to a month. */
const AGE_SECONDS = [1, 6, 12, 18, 24, 30, 48, 96, 168, 336, 720].map((hours) => hours * 3600);

/**
 * Every metric of a node. No label has the id of a key, a task, a request or a caller: their number has no bound, and this port
 * tells everybody. A node's id is one of at most 20 members.
 */
export const METRICS = {
  quorate_build_info: { ...GAUGE, help: 'Always 1; which release runs', labels: ['version'] },
  quorate_ready: { ...GAUGE, help: '1 where the node is ready, as /ready says, else 0' },
  quorate_members_connected: { ...GAUGE, help: 'Other members that this node reaches now' },
  quorate_raft_term: { ...GAUGE, help: 'Term of consensus' },
  quorate_raft_is_leader: { ...GAUGE, help: '1 where this node leads, else 0' },
  quorate_raft_has_leader: { ...GAUGE, help: '1 where this node knows a leader, else 0' },
  quorate_raft_has_quorum: { ...GAUGE, help: '1 where this node knows of a majority, else 0' },
  quorate_raft_commit_index: { ...GAUGE, help: 'Last entry that is known to be committed' },
  quorate_raft_applied_index: { ...GAUGE, help: 'Last entry that is applied' },
  quorate_raft_leader_changes_total: { ...COUNTER, help: 'Leaders that this node came to know' },
  quorate_leader_switches_total: {
    ...COUNTER,
    help: 'Leaders that handed over because another voter did better, as this node applied it',
  },
  quorate_leader_tasks_total: {
    ...COUNTER,
    help: 'Tasks that ended, by the leader under which they did',
    labels: ['leader', 'result'],
  },
  quorate_voter_score: {
    ...GAUGE,
    help: 'Points of a voter by what the others have seen of it, 0 to 100',
    labels: ['member'],
  },
  quorate_voter_commit_seconds: {
    ...GAUGE,
    help: 'How long a voter would need to commit an entry if it led, by what the others have seen',
    labels: ['member'],
  },
  quorate_log_memory_bytes: { ...GAUGE, help: 'Of the log in memory' },
  quorate_store_bytes: { ...GAUGE, help: 'On disk, of each embedded store', labels: ['store'] },
  quorate_store_writes_total: { ...COUNTER, help: 'Synced writes' },
  quorate_disk_free_bytes: { ...GAUGE, help: 'Free on the disk of the data directory' },
  quorate_disk_room: { ...GAUGE, help: '2 enough, 1 low: nothing new, 0 none: no entries' },
  quorate_log_standing: {
    ...GAUGE,
    help: '2 undisputed, 1 contradicted and confirmed by a majority, 0 by none: the node signs nothing',
  },
  quorate_audit_behind: {
    ...GAUGE,
    help: '1 where the audit log fails or is late by more than five seconds: the node gives no share; else 0',
  },
  quorate_audit_lag_seconds: { ...GAUGE, help: 'How long the oldest line waits to be durable' },
  quorate_audit_lines_total: { ...COUNTER, help: 'Lines of the audit log, since its first' },
  quorate_peer_messages_total: { ...COUNTER, help: 'Messages sent to other members' },
  quorate_peer_bytes_total: { ...COUNTER, help: 'Bytes sent to other members' },
  quorate_tasks_total: {
    ...COUNTER,
    help: 'Tasks that came to an end in the state of this node',
    labels: ['kind', 'result'],
  },
  quorate_task_phase_seconds: {
    type: 'histogram',
    buckets: PHASE_SECONDS,
    help: 'Seconds of a task, as this node saw it: open until its first attempt, work until its outcome',
    labels: ['kind', 'phase'],
  },
  quorate_tasks_open: { ...GAUGE, help: 'Open tasks', labels: ['kind'] },
  quorate_calls_total: {
    ...COUNTER,
    help: 'Calls of clients that this node answered',
    labels: ['method', 'code'],
  },
  quorate_call_seconds: {
    type: 'histogram',
    buckets: CALL_SECONDS,
    help: 'Seconds from a call of a client to its answer',
    labels: ['method'],
  },
  quorate_refusals_total: {
    ...COUNTER,
    help: 'Calls that were refused, by the reason of docs/errors.md; OTHER beyond the first 64',
    labels: ['reason'],
  },
  quorate_alarms_total: { ...COUNTER, help: 'Alarms of docs/operations.md', labels: ['kind'] },
  quorate_signing_failures: {
    ...GAUGE,
    help: 'Failed sessions of GG20 signing that this node counts',
  },
  quorate_keys: { ...GAUGE, help: 'Keys of the cluster' },
  quorate_key_reshare_age_seconds: {
    type: 'histogram',
    buckets: AGE_SECONDS,
    help: 'Of the keys that are refreshed by schedule: log time since the refresh before the next due one',
  },
  quorate_key_refresh_overdue_seconds: {
    ...GAUGE,
    help: 'How long the refresh of some key has been due at most',
  },
  quorate_key_refresh_failures: { ...GAUGE, help: 'Keys whose last refresh came to nothing' },
  quorate_presignatures: { ...GAUGE, help: 'Presignatures that this node holds, of all keys' },
  quorate_primes: { ...GAUGE, help: 'Keys for which primes are ready', labels: ['profile'] },
  quorate_open_secrets: { ...GAUGE, help: 'Opened secrets in memory' },
  quorate_open_secrets_bytes: { ...GAUGE, help: 'Of the opened secrets in memory' },
  quorate_open_secrets_hits_total: { ...COUNTER, help: 'Secrets that were open when needed' },
  quorate_open_secrets_misses_total: { ...COUNTER, help: 'Secrets that had to be opened' },
  quorate_event_loop_delay_seconds: {
    ...GAUGE,
    help: 'Delay of the event loop since it was last asked for, of 50, 99 and 100 in 100 looks',
    labels: ['percentile'],
  },
  quorate_certificate_remaining_seconds: {
    ...GAUGE,
    help: 'Until the TLS certificate of a member ends, as far as this node has seen it',
    labels: ['member'],
  },
  quorate_process_resident_bytes: { ...GAUGE, help: 'Memory of the process' },
  quorate_process_heap_bytes: { ...GAUGE, help: 'Of it, the heap of JavaScript in use' },
  quorate_process_cpu_seconds_total: { ...COUNTER, help: 'Processor time of the process' },
  quorate_process_start_time_seconds: { ...GAUGE, help: 'When the process started, since 1970' },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

type NamesOf<T extends Metric['type']> = {
  readonly [N in MetricName]: (typeof METRICS)[N] extends { readonly type: T } ? N : never;
}[MetricName];
export type GaugeName = NamesOf<'gauge'>;
export type CounterName = NamesOf<'counter'>;
export type HistogramName = NamesOf<'histogram'>;
