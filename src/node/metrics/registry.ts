import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { assert } from '../../common/index.js';
import { METRICS } from './table.js';
import type { CounterName, GaugeName, HistogramName, Metric } from './table.js';

export type Labels = Readonly<Record<string, string>>;

/** The series of {@link METRICS}, kept by prom-client. */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  constructor() {
    const metrics: [string, Metric][] = Object.entries(METRICS);
    for (const [name, metric] of metrics) {
      const { help, labels = [] } = metric;
      const shape = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (metric.type === 'histogram')
        this.#histograms.set(name, new Histogram({ ...shape, buckets: [...metric.buckets] }));
      else if (metric.type === 'gauge') this.#gauges.set(name, new Gauge(shape));
      else this.#counters.set(name, new Counter(shape));
    }
  }

  set(name: GaugeName, value: number, labels: Labels = {}): void {
    this.#of(this.#gauges, name).set({ ...labels }, value);
  }

  /** Forgets all series of a gauge: those that are not set again are gone. */
  clear(name: GaugeName | HistogramName): void {
    (this.#gauges.get(name) ?? this.#of(this.#histograms, name)).reset();
  }

  count(name: CounterName, labels: Labels = {}, by = 1): void {
    this.#of(this.#counters, name).inc({ ...labels }, by);
  }

  /** Of a counter that something else keeps. */
  total(name: CounterName, value: number, labels: Labels = {}): void {
    const counter = this.#of(this.#counters, name);
    counter.remove({ ...labels });
    counter.inc({ ...labels }, value);
  }

  observe(name: HistogramName, seconds: number, labels: Labels = {}): void {
    this.#of(this.#histograms, name).observe({ ...labels }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All series, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #of<T>(all: ReadonlyMap<string, T>, name: string): T {
    const found = all.get(name);
    assert(found !== undefined, `${name} stands in the table`);
    return found;
  }
}
