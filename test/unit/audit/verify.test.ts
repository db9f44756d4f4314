import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { verifyFiles } from '../../../src/audit/index.js';
import type { AuditFault } from '../../../src/audit/index.js';
import { concat, utf8 } from '../../../src/common/index.js';
import { auditLogOf, readable } from '../../support/builders/audit-log.js';

const COUNT = 12;
const { files, ends } = auditLogOf(COUNT, 5);
const [head] = ends.slice(-1);
const names = [...files.keys()];
const [first = '', second = '', third = ''] = names;

async function faultsOf(
  changed: ReadonlyMap<string, Uint8Array>,
  end = head,
): Promise<AuditFault['fault'][]> {
  return (await verifyFiles(readable(changed), end)).faults.map(({ fault }) => fault);
}

function linesOf(name: string): string[] {
  return new TextDecoder().decode(files.get(name)).split('\n').slice(0, -1);
}

function withLines(name: string, lines: readonly string[]): Map<string, Uint8Array> {
  return new Map(files).set(name, utf8(lines.map((line) => `${line}\n`).join('')));
}

test('a chain that nobody touched holds, through all its files and up to the end that is known', async () => {
  const found = await verifyFiles(readable(files), head);
  expect(found).toMatchObject({ files: 3, lines: COUNT, first: 1, end: head, faults: [] });
  expect(found.isLastTorn).toBe(false);
});

test('lines that came after the end that is known are no fault', async () => {
  expect(await faultsOf(files, ends[7])).toEqual([]);
  expect(await faultsOf(files, ends[0])).toEqual([]);
});

test('any change of one byte is found, wherever it is', async () => {
  const places = names.flatMap((name) =>
    Array.from(files.get(name) ?? [], (_, at) => [name, at] as const),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...places),
      fc.integer({ min: 1, max: 255 }),
      async ([name, at], flip) => {
        const bytes = (files.get(name) ?? new Uint8Array()).slice();
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        expect(await faultsOf(new Map(files).set(name, bytes))).not.toEqual([]);
      },
    ),
    { numRuns: 400 },
  );
});

test('any byte that is taken out or put in is found', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.nat(),
      fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      async (name, place, added) => {
        const bytes = files.get(name) ?? new Uint8Array();
        const at = place % bytes.length;
        const changed =
          added === undefined
            ? concat(bytes.subarray(0, at), bytes.subarray(at + 1))
            : concat(bytes.subarray(0, at), Uint8Array.of(added), bytes.subarray(at));
        expect(await faultsOf(new Map(files).set(name, changed))).not.toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

test('any line that is removed, doubled or moved is found', async () => {
  const line = fc.constantFrom(...names).chain((name) => {
    const { length } = linesOf(name);
    return fc.record({ name: fc.constant(name), at: fc.nat(length - 1), to: fc.nat(length - 1) });
  });
  await fc.assert(
    fc.asyncProperty(line, async ({ name, at, to }) => {
      const lines = linesOf(name);
      const removed = lines.toSpliced(at, 1);
      expect(await faultsOf(withLines(name, removed))).not.toEqual([]);
      expect(await faultsOf(withLines(name, lines.toSpliced(at, 0, lines[at] ?? '')))).not.toEqual(
        [],
      );
      if (to === at) return;
      const moved = removed.toSpliced(to, 0, lines[at] ?? '');
      expect(await faultsOf(withLines(name, moved))).not.toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test('a cut at the end is found at every byte where the end is known', async () => {
  const bytes = files.get(third) ?? new Uint8Array();
  for (let at = 0; at < bytes.length; at++) {
    expect(await faultsOf(new Map(files).set(third, bytes.subarray(0, at)))).not.toEqual([]);
  }
  const without = new Map(files);
  without.delete(third);
  const { faults } = await verifyFiles(readable(without), head);
  expect(faults).toEqual([{ fault: 'cut', file: second, at: 0, missing: { from: 11, to: COUNT } }]);
});

test('without a known end a cut of whole lines at the end is not found, and a torn line is told', async () => {
  const lines = linesOf(third);
  const cut = withLines(third, lines.slice(0, 2));
  const found = await verifyFiles(readable(cut), undefined);
  expect(found).toMatchObject({ faults: [], end: ends[11], isLastTorn: false });

  const torn = new Map(files).set(third, (files.get(third) ?? new Uint8Array()).slice(0, -1));
  expect(await verifyFiles(readable(torn), undefined)).toMatchObject({
    faults: [],
    end: ends[11],
    isLastTorn: true,
  });
});

test('each fault says its file and line, and the rest of the log is looked at', async () => {
  const bad = withLines(first, linesOf(first).with(2, '{"line":2}'));
  bad.set(second, utf8('nothing of ours\n'));
  const { faults, end } = await verifyFiles(readable(bad), head);
  expect(faults).toEqual([
    { fault: 'unreadable', file: first, at: 3 },
    { fault: 'bad-header', file: second, at: 1 },
    { fault: 'missing-lines', file: third, at: 1, missing: { from: 2, to: 10 } },
  ]);
  expect(end).toEqual(head);
});

test('a missing file in between is found; missing first files are those that were moved away', async () => {
  const gone = new Map(files);
  gone.delete(second);
  expect(await faultsOf(gone)).toEqual(['missing-lines']);
  const moved = new Map(files);
  moved.delete(first);
  expect(await verifyFiles(readable(moved), head)).toMatchObject({ first: 6, faults: [] });
});

test('a log that was written anew, each hash right, is not the one that the node knows', async () => {
  const other = auditLogOf(COUNT + 1, 6);
  const forged = await verifyFiles(readable(other.files), { ...other.ends[9]!, hash: head!.hash });
  expect(forged.faults).toMatchObject([{ fault: 'rewritten' }]);
});

test('a file of another format is not read as this one', async () => {
  const [, ...lines] = linesOf(third);
  const header = linesOf(third)[0]?.replace('"format":1', '"format":2') ?? '';
  expect(await faultsOf(withLines(third, [header, ...lines]))).toContain('bad-header');
});
