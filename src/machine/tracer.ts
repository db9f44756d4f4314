import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Context, Link, Span as OtelSpan } from '@opentelemetry/api';
import type { TaskId } from '../common/index.js';
import { traceOf } from '../identity/index.js';
import type { SpanFacts, SpanName, Tracer } from '../ports/index.js';

const LIBRARY = 'quorate';

const KINDS: Readonly<Record<SpanName, SpanKind>> = {
  call: SpanKind.CLIENT,
  request: SpanKind.SERVER,
  lead: SpanKind.INTERNAL,
  contribute: SpanKind.INTERNAL,
};

/**
 * Spans for OpenTelemetry, whose SDK this process may have loaded; without one nothing comes of them. All spans of a task are
 * children of one that nobody makes, whose ids follow from the task's id, and so they are one trace, whichever node or client
 * they come from. A span that is active where one begins, an application's for example, is linked.
 *
 * @param facts - Attributes of every span.
 */
export function otelTracer(facts: SpanFacts = {}): Tracer {
  return {
    begin(task, name, more) {
      const around = trace.getSpanContext(context.active());
      const links: Link[] = around === undefined ? [] : [{ context: around }];
      const attributes = named({ ...facts, task, ...more });
      const options = { kind: KINDS[name], attributes, links };
      const span = trace
        .getTracer(LIBRARY)
        .startSpan(`${LIBRARY}.${name}`, options, contextOf(task));
      return { end: (atEnd, fault) => endSpan(span, atEnd, fault) };
    },
  };
}

/** Sampled, as far as its ids can say: a sampler by ratio decides by the trace's id, so that all nodes decide alike. */
function contextOf(task: TaskId): Context {
  const parent = { ...traceOf(task), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

function endSpan(span: OtelSpan, facts: SpanFacts = {}, fault?: string): void {
  if (!span.isRecording()) return;
  span.setAttributes(named(facts));
  if (fault !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
  span.end();
}

function named(facts: SpanFacts): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`${LIBRARY}.${name}`, value]),
  );
}
