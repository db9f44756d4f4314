import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { taskId, toHex, utf8 } from '../../src/common/index.js';
import { traceOf } from '../../src/identity/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';

/** Traces as OpenTelemetry's own SDK gets them, of a client and three nodes over gRPC. */
jest.setTimeout(60_000);

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const MESSAGE = utf8('a message that no span may have');
let cluster: TestCluster;

beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  cluster = await startCluster({ nodes: 3 });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  trace.disable();
});

/** The spans of one task, once the leader has ended its own, which is the last. */
async function spansOf(task: string): Promise<readonly ReadableSpan[]> {
  const spans = () =>
    exporter.getFinishedSpans().filter((span) => span.attributes['quorate.task'] === task);
  await eventually('the spans of a task', () => {
    const names = new Set(spans().map(({ name }) => name));
    return ['call', 'request', 'lead', 'contribute'].every((name) => names.has(`quorate.${name}`));
  });
  return spans();
}

test('client, called node, leader and participants show one trace, whose id follows from the task’s', async () => {
  const app = await cluster.client('app');
  await app.generateKey({ keyId: 'traced', threshold: 2 });
  const { taskId: task, signature } = await app.sign({ keyId: 'traced', message: MESSAGE });

  const spans = await spansOf(task);

  const { traceId, spanId } = traceOf(taskId(task));
  for (const span of spans) {
    expect(span.spanContext().traceId).toBe(traceId);
    expect(span.parentSpanContext?.spanId).toBe(spanId);
    expect(span.status.code).not.toBe(2);
  }
  const nodesOf = (name: string) =>
    spans.filter((span) => span.name === name).map((span) => span.attributes['quorate.node']);
  expect(nodesOf('quorate.call')).toEqual([undefined]);
  expect(nodesOf('quorate.request')).toHaveLength(1);
  expect(nodesOf('quorate.lead')).toHaveLength(1);
  expect(new Set(nodesOf('quorate.contribute')).size).toBeGreaterThanOrEqual(2);
  const told = JSON.stringify(
    spans.map(({ name, attributes, status }) => [name, attributes, status]),
  );
  expect(told).not.toContain('a message that');
  expect(told).not.toContain(toHex(MESSAGE));
  expect(told).not.toContain(toHex(signature));
});

test('a task that comes to nothing shows its reason, at the client and at the called node', async () => {
  const app = await cluster.client('app');
  const request = { keyId: 'no-such-key', message: MESSAGE, requestId: 'in-vain' };
  const publicKey = new Uint8Array(32).fill(1);
  await expect(app.sign({ ...request, publicKey })).rejects.toMatchObject({
    reason: 'KEY_FORBIDDEN',
  });
  const spans = exporter
    .getFinishedSpans()
    .filter(({ status }) => status.message === 'KEY_FORBIDDEN');
  expect(spans.map(({ name }) => name).sort()).toEqual(['quorate.call', 'quorate.request']);
  const [one, other] = spans.map((span) => span.spanContext().traceId);
  expect(one).toBe(other);
});

test('a span of the application that is active at a call is linked, and its trace is not taken over', async () => {
  const app = await cluster.client('app');
  const own = provider.getTracer('application').startSpan('pay');
  const around = jest.spyOn(context, 'active').mockReturnValue(trace.setSpan(ROOT_CONTEXT, own));
  const signing = app.sign({ keyId: 'traced', message: MESSAGE });
  const { taskId: task } = await signing.finally(() => around.mockRestore());

  const spans = await spansOf(task);
  const call = spans.find(({ name }) => name === 'quorate.call');
  expect(call?.links.map((link) => link.context.spanId)).toEqual([own.spanContext().spanId]);
  expect(call?.spanContext().traceId).toBe(traceOf(taskId(task)).traceId);
});
