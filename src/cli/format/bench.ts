import type { Watched } from '../dev/watch.js';
import { table } from './table.js';

/** How one kind of call went. */
export type Measured = {
  readonly operation: string;
  /** Calls in flight at a time. */
  readonly concurrency: number;
  readonly failed: number;
  /** Of the calls that succeeded, in the order they ended. */
  readonly tookMs: readonly number[];
  readonly elapsedMs: number;
  /** The measurements of each node meanwhile, where it was started here. */
  readonly nodes?: readonly Watched[];
  /** Processor time of the client. */
  readonly clientCpuMs?: number;
};

/** Measurements for programs; milliseconds, and calls per second. */
export function benchJson(measured: readonly Measured[]): object {
  return {
    results: measured.map((each) => ({
      operation: each.operation,
      concurrency: each.concurrency,
      count: each.tookMs.length,
      failed: each.failed,
      p50_ms: round(quantile(each.tookMs, 0.5)),
      p99_ms: round(quantile(each.tookMs, 0.99)),
      max_ms: round(quantile(each.tookMs, 1)),
      per_second: round(rate(each)),
      event_loop_delay_p99_ms: round(worst(each, ({ delayP99Ms }) => delayP99Ms)),
      event_loop_delay_max_ms: round(worst(each, ({ delayMaxMs }) => delayMaxMs)),
      node_cpu_ms_per_call: round(ofAll(each, ({ cpuMs }) => cpuMs)),
      messages_per_call: round(ofAll(each, ({ messages }) => messages)),
      frames_per_call: round(ofAll(each, ({ frames }) => frames)),
      frame_bytes_per_call: round(ofAll(each, ({ bytes }) => bytes)),
      synced_writes_per_call: round(ofAll(each, ({ writes }) => writes)),
      client_cpu_ms_per_call: round(perCall(each, each.clientCpuMs)),
    })),
  };
}

/** Measurements for a person. */
export function benchTable(measured: readonly Measured[]): string[] {
  return table(
    [
      'OPERATION',
      'IN FLIGHT',
      'DONE',
      'FAILED',
      'P50',
      'P99',
      'MAX',
      'RATE',
      'LOOP P99',
      'NODE CPU',
      'MESSAGES',
      'FRAMES',
      'BYTES',
      'WRITES',
    ],
    measured.map((each) => [
      each.operation,
      String(each.concurrency),
      String(each.tookMs.length),
      String(each.failed),
      ...[0.5, 0.99, 1].map((q) => shown(quantile(each.tookMs, q), 'ms')),
      shown(rate(each), '/s'),
      shown(
        worst(each, ({ delayP99Ms }) => delayP99Ms),
        'ms',
      ),
      shown(
        ofAll(each, ({ cpuMs }) => cpuMs),
        'ms',
      ),
      shown(ofAll(each, ({ messages }) => messages)),
      shown(ofAll(each, ({ frames }) => frames)),
      shown(
        ofAll(each, ({ bytes }) => bytes),
        '',
        0,
      ),
      shown(ofAll(each, ({ writes }) => writes)),
    ]),
  );
}

/** The smallest value that a share `q` of all does not exceed (nearest rank); nothing of nothing. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

function rate({ tookMs, elapsedMs }: Measured): number | undefined {
  return elapsedMs > 0 ? (tookMs.length * 1000) / elapsedMs : undefined;
}

/** Of the node that is worst off. */
function worst({ nodes }: Measured, of: (node: Watched) => number): number | undefined {
  return nodes === undefined || nodes.length === 0 ? undefined : Math.max(...nodes.map(of));
}

/** Of all nodes together, for one call. */
function ofAll(measured: Measured, of: (node: Watched) => number): number | undefined {
  const { nodes } = measured;
  return perCall(
    measured,
    nodes?.reduce((sum, node) => sum + of(node), 0),
  );
}

function perCall({ tookMs }: Measured, total: number | undefined): number | undefined {
  return total === undefined || tookMs.length === 0 ? undefined : total / tookMs.length;
}

function round(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}

function shown(value: number | undefined, unit = '', digits = 1): string | undefined {
  return value === undefined ? undefined : `${value.toFixed(digits)} ${unit}`.trimEnd();
}
