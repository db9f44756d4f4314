import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { METRICS } from '../../../src/node/metrics/table.js';
import type { Metric } from '../../../src/node/metrics/table.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDER = join(ROOT, 'deploy/monitoring');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const table: ReadonlyMap<string, Metric> = new Map(Object.entries(METRICS));
/** Labels that Prometheus itself gives. */
const OWN_LABELS = ['job', 'instance', 'le'];

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly runbook: string };
};
type RuleTest = {
  readonly name: string;
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
};

const rules = (
  parse(text('deploy/monitoring/alerts.yaml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);
const ruleTests = (
  parse(text('deploy/monitoring/alerts.test.yaml')) as { readonly tests: readonly RuleTest[] }
).tests;
const dashboard = JSON.parse(text('deploy/monitoring/dashboard.json')) as {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
};

/** The metric that a series is of. */
function metricOf(series: string): [string, Metric] | undefined {
  const name = series.replace(/_(bucket|sum|count)$/, '');
  for (const each of [series, name]) {
    const metric = table.get(each);
    const isPart = each !== series;
    if (metric !== undefined && isPart === (metric.type === 'histogram')) return [each, metric];
  }
  return undefined;
}

/** What is wrong with the names and labels of an expression. */
function faultsOf(expr: string): string[] {
  const faults: string[] = [];
  const known = new Set(OWN_LABELS);
  for (const [, name = '', selector = ''] of expr.matchAll(/\b(quorate_\w+)(?:\{([^}]*)\})?/g)) {
    const found = metricOf(name);
    if (found === undefined) {
      faults.push(`there is no ${name}`);
      continue;
    }
    const labels = found[1].labels ?? [];
    for (const label of labels) known.add(label);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (![...labels, ...OWN_LABELS].includes(label)) faults.push(`${name} has no ${label}`);
  }
  for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of list.split(',').map((each) => each.trim()))
      if (!known.has(label)) faults.push(`nothing here has ${label}`);
  return faults;
}

test('the faults of expressions are found', () => {
  expect(faultsOf('quorate_nothing == 1')).toEqual(['there is no quorate_nothing']);
  expect(faultsOf('sum by (key) (quorate_ready{kind="x"})')).toEqual([
    'quorate_ready has no kind',
    'nothing here has key',
  ]);
  expect(faultsOf('quorate_call_seconds > 1')).toEqual(['there is no quorate_call_seconds']);
});

describe('alert rules', () => {
  test.each(rules)('$alert names metrics and labels that exist', ({ expr }) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  test.each(rules)('$alert has a severity, and a section in operations', (rule) => {
    expect(['page', 'warning']).toContain(rule.labels['severity']);
    expect(rule.annotations.runbook).toBe(`docs/operations.md#${rule.alert.toLowerCase()}`);
    expect(text('docs/operations.md')).toContain(`\n### ${rule.alert}\n`);
  });

  test('each has a test that makes it fire, and no test is of another', () => {
    const fired = ruleTests.flatMap(({ alert_rule_test: tests }) =>
      tests.filter((each) => each.exp_alerts.length > 0).map(({ alertname }) => alertname),
    );
    expect(fired.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

/** The promtool that QUORATE_PROMTOOL or the path names. */
function promtool(): string | undefined {
  const named = process.env['QUORATE_PROMTOOL'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, 'promtool'))
    .find((path) => spawnSync(path, ['--version']).status === 0);
}

test('promtool takes the rules, and each alert fires in its test', () => {
  const tool = promtool();
  if (tool === undefined) {
    process.stderr.write(
      'SKIPPED: there is no promtool (Debian’s prometheus; .ci/prometheus.sh)\n',
    );
    return;
  }
  for (const args of [
    ['check', 'rules', 'alerts.yaml'],
    ['test', 'rules', 'alerts.test.yaml'],
  ]) {
    const { status, stdout, stderr } = spawnSync(tool, args, { cwd: FOLDER, encoding: 'utf8' });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  }
});

describe('the dashboard', () => {
  test.each(dashboard.panels)('“$title” shows metrics and labels that exist', ({ targets }) => {
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
  });

  test('shows every metric', () => {
    const all = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join();
    const missing = [...table.keys()].filter((name) => !all.includes(name));
    expect(missing).toEqual([]);
  });
});

test('the reference lists every metric with its type and labels, and nothing else', () => {
  const lines = text('docs/reference/metrics.md').split('\n');
  const listed = lines.filter((line) => line.startsWith('- `quorate_'));
  const expected = [...table].map(([name, { type, labels = [] }]) => {
    const of = labels.length === 0 ? '' : ` by ${labels.map((each) => `\`${each}\``).join(', ')}`;
    return `- \`${name}\`: ${type}${of}`;
  });
  expect(listed).toEqual(expected);
});
