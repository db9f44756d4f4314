import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ListIndex, Overlay, recordOfKey, standingOf } from '../../src/state/index.js';
import type { ActiveKey, KeyFilter, Listed, Sliced, TaskFilter } from '../../src/state/index.js';
import { SortedTexts } from '../../src/state/lists/sorted-texts.js';
import { memoryConsensusStore } from '../../src/store/index.js';
import { encode, KeyRecord, TaskRecord } from '../../src/wire/index.js';
import { keyWith } from '../support/builders/active-key.js';
import { toTheEnd } from '../support/builders/sliced.js';

const WHO = ['spiffe://quorate/app/a', 'spiffe://quorate/app/b', 'spiffe://quorate/app/c'] as const;
const KINDS = ['sign', 'generate-key'] as const;
const OUTCOMES: readonly TaskRecord['outcome'][] = [
  undefined,
  { $case: 'result', value: Uint8Array.of(1) },
  { $case: 'failed', value: { reason: 'X', evidence: [] } },
];

const who = fc.constantFrom(...WHO);
const label = fc.record({ key: fc.constantFrom('x', 'y'), value: fc.constantFrom('', '1') });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });

const task = fc.record({
  number: fc.integer({ min: 0, max: 30 }),
  kind: fc.constantFrom(...KINDS),
  keyId: fc.constantFrom('k', 'k-1', 'other'),
  requester: who,
  // Several of one millisecond, and of times that sort in another way as decimal text.
  createTimeMs: fc.constantFrom(9n, 10n, 99n, 1_700_000_000_000n),
  outcome: fc.constantFrom(...OUTCOMES),
});
const key = fc.record({
  keyId: fc.stringMatching(/^[a-b][ab_-]{0,3}$/),
  owner: who,
  allowedSigners: fc.uniqueArray(who, { maxLength: 2 }),
  labels: fc.uniqueArray(label, { maxLength: 2, selector: (each) => each.key }),
  algorithm: fc.constantFrom(1, 2),
});
const step = fc.oneof(
  fc.record({ type: fc.constant('task' as const), task }),
  fc.record({ type: fc.constant('forget' as const), number: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ type: fc.constant('key' as const), key }),
  fc.record({ type: fc.constant('build' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const taskFilter: fc.Arbitrary<TaskFilter> = fc.record({
  visibleTo: maybe(who),
  requester: maybe(who),
  standing: maybe(fc.constantFrom('open', 'done', 'failed')),
  kind: maybe(fc.constantFrom(...KINDS)),
  keyId: maybe(fc.constantFrom('k', 'k-1')),
});
const keyFilter: fc.Arbitrary<KeyFilter> = fc.record({
  visibleTo: maybe(who),
  prefix: fc.constantFrom('', 'a', 'a-', 'b', 'ab'),
  owner: maybe(who),
  algorithm: maybe(fc.constantFrom(1, 2)),
  labels: fc.array(label, { maxLength: 2 }),
});

/** A state with an index that is built while it changes, and the same as plain maps. */
class Model {
  readonly overlay = new Overlay(memoryConsensusStore());
  readonly index = new ListIndex(this.overlay);
  readonly tasks = new Map<string, TaskRecord>();
  readonly keys = new Map<string, ActiveKey>();
  #build: Sliced<void> | undefined;

  do(next: Step): void {
    if (next.type === 'build') {
      this.#build ??= this.index.build();
      this.#build.next();
    } else if (next.type === 'key') {
      const record = keyWith(next.key);
      this.keys.set(record.keyId, record);
      this.overlay.put([[`key/${record.keyId}`, encode(KeyRecord, recordOfKey(record))]]);
    } else if (next.type === 'forget') {
      this.tasks.delete(idOf(next.number));
      this.overlay.put([[`task/${idOf(next.number)}`, undefined]]);
    } else {
      const { number, ...fields } = next.task;
      const id = idOf(number);
      const before = this.tasks.get(id);
      // A task keeps what it was made of; only its outcome comes later.
      const made = before ?? TaskRecord.fromPartial({ taskId: id, ...fields });
      const record = { ...made, outcome: fields.outcome };
      this.tasks.set(id, record);
      this.overlay.put([[`task/${id}`, encode(TaskRecord, record)]]);
    }
  }

  built(): void {
    this.#build ??= this.index.build();
    toTheEnd(this.#build);
  }

  tasksOf({ visibleTo, requester, standing, kind, keyId }: TaskFilter): string[] {
    return [...this.tasks.values()]
      .filter(
        (each) =>
          (visibleTo ?? each.requester) === each.requester &&
          (requester ?? each.requester) === each.requester &&
          (standing ?? standingOf(each)) === standingOf(each) &&
          (kind ?? each.kind) === each.kind &&
          (keyId ?? each.keyId) === each.keyId,
      )
      .sort((a, b) => Number(b.createTimeMs - a.createTimeMs) || (a.taskId < b.taskId ? 1 : -1))
      .map(({ taskId }) => taskId);
  }

  keysOf({ visibleTo, prefix = '', owner, algorithm, labels = [] }: KeyFilter): string[] {
    return [...this.keys.values()]
      .filter(
        (each) =>
          (visibleTo === undefined || [each.owner, ...each.allowedSigners].includes(visibleTo)) &&
          each.keyId.startsWith(prefix) &&
          (owner ?? each.owner) === each.owner &&
          (algorithm ?? each.algorithm) === each.algorithm &&
          labels.every((asked) =>
            each.labels.some((has) => has.key === asked.key && has.value === asked.value),
          ),
      )
      .map(({ keyId }) => keyId)
      .sort((a, b) => (a < b ? -1 : 1));
  }
}

test('lists by any filter, in pages of any size, give what a walk over all records gives', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80, size: 'max' }),
      taskFilter,
      keyFilter,
      fc.integer({ min: 1, max: 6 }),
      (steps, ofTasks, ofKeys, recordsMax) => {
        const model = new Model();
        for (const each of steps) model.do(each);
        model.built();

        const tasks = pagesOf((page) => model.index.tasks(ofTasks, page), recordsMax);
        expect(tasks.flat().map(({ taskId }) => taskId)).toEqual(model.tasksOf(ofTasks));
        const keys = pagesOf((page) => model.index.keys(ofKeys, page), recordsMax);
        expect(keys.flat().map(({ keyId }) => keyId)).toEqual(model.keysOf(ofKeys));
      },
    ),
    { numRuns: 300 },
  );
});

test('tasks that come, end and go between two pages leave out none that stays, and show none twice', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.array(step, { maxLength: 20, size: 'max' }),
      fc.integer({ min: 1, max: 6 }),
      (before, between, recordsMax) => {
        const model = new Model();
        for (const each of before) model.do(each);
        model.built();
        const page = { after: '', recordsMax, bytesMax: Infinity };
        const there = new Set(model.tasksOf({}));

        const first = toTheEnd(model.index.tasks({}, page));
        const forgotten = new Set(between.map((each) => each.type === 'forget' && each.number));
        for (const each of between)
          // A task that is forgotten and made again is another one.
          if (each.type !== 'task' || !forgotten.has(each.task.number)) model.do(each);
        const rest =
          first.next === ''
            ? []
            : pagesOf((more) => model.index.tasks({}, more), recordsMax, first.next);

        const seen = [...first.records, ...rest.flat()].map(({ taskId }) => taskId);
        expect(new Set(seen).size).toBe(seen.length);
        // A list that ended with its first page has shown all that there were.
        const stayed = model.tasksOf({}).filter((id) => there.has(id));
        expect(stayed.filter((id) => !seen.includes(id))).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

test('texts in order are those of a sorted array, however many are added and removed', () => {
  const change = fc.record({ at: fc.integer({ min: 0, max: 3_000 }), there: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 800, maxLength: 2_500, size: 'max' }),
      fc.integer({ min: 0, max: 3_000 }),
      fc.boolean(),
      (changes, from, rising) => {
        const texts = new SortedTexts();
        const model = new Map<string, string>();
        if (rising)
          for (let at = 0; at < 1_300; at++) {
            texts.put(named(at), `${named(at)} first`);
            model.set(named(at), `${named(at)} first`);
          }
        changes.forEach(({ at, there }, number) => {
          const text = `${named(at)} ${number}`;
          if (there) texts.put(named(at), text);
          else texts.delete(named(at));
          if (there) model.set(named(at), text);
          else model.delete(named(at));
        });

        const all = [...model.values()].sort((a, b) => (a < b ? -1 : 1));
        const up: string[] = [];
        for (let some = texts.up(named(from)); some.length > 0;) {
          up.push(...some);
          some = texts.up(`${some.at(-1)}!`);
        }
        expect(up).toEqual(all.filter((text) => text >= named(from)));
        const down: string[] = [];
        for (let some = texts.down(named(from)); some.length > 0;) {
          down.push(...some);
          some = texts.down(some.at(-1) ?? '');
        }
        expect(down).toEqual(all.filter((text) => text < named(from)).toReversed());
        expect(texts.isEmpty).toBe(all.length === 0);
      },
    ),
    { numRuns: 25 },
  );
});

/** Turns pages to the last, and holds what each says of those behind it against what they are. */
function pagesOf<R>(
  ask: (page: { after: string; recordsMax: number; bytesMax: number }) => Sliced<Listed<R>>,
  recordsMax: number,
  begin = '',
): R[][] {
  const pages: R[][] = [];
  const more: number[] = [];
  let after: string | undefined = begin;
  while (after !== undefined) {
    const listed: Listed<R> = toTheEnd(ask({ after, recordsMax, bytesMax: Infinity }));
    const { records, next, moreCount } = listed;
    expect(records.length).toBeLessThanOrEqual(recordsMax);
    pages.push([...records]);
    more.push(moreCount);
    after = next === '' ? undefined : next;
  }
  const behind = pages.map((_, at) => pages.slice(at + 1).flat().length);
  expect(more).toEqual(behind);
  return pages;
}

function idOf(number: number): string {
  return `${String.fromCharCode(97 + (number % 5))}${'a'.repeat(24)}${String.fromCharCode(97 + (number % 26))}`;
}

function named(at: number): string {
  return String(at).padStart(5, '0');
}
