import { describe, expect, test } from '@jest/globals';
import { SourceTextModule } from 'node:vm';

import { CHECKS } from '../attacks/checks.js';
import { LEAKS } from '../secrets/leaks.js';
import { PLANTED_BUGS } from '../simulation/planted-bugs.js';
import { edited, fileOf } from '../support/patches/edit.js';
import type { Edit } from '../support/patches/edit.js';
import { compiledCode } from '../support/patches/program-copy.js';
import { WEAKNESSES } from '../support/patches/weakened-client.js';

const CODE = compiledCode();

type Patch = { readonly name: string; readonly edits: readonly Edit[] };
const LANES: readonly (readonly [lane: string, patches: readonly Patch[]])[] = [
  ['check taken out', CHECKS],
  ['planted bug', PLANTED_BUGS],
  ['leak', LEAKS],
  ['weakened client', WEAKNESSES.map((weakness) => ({ name: weakness.check, edits: [weakness] }))],
];

describe.each(LANES)('%s', (_, patches) => {
  test.each(patches.map((patch) => [patch.name, patch] as const))(
    'the text of the edit is in the compiled code exactly once, and the result is a module: %s',
    (__, { edits }) => {
      for (const { find } of edits) expect(CODE.get(fileOf(CODE, find))).toContain(find);
      const changed = edited(CODE, edits);
      expect(changed.size).toBeGreaterThan(0);
      for (const [file, text] of changed) {
        expect(text).not.toBe(CODE.get(file));
        expect(() => new SourceTextModule(text)).not.toThrow();
      }
    },
  );
});

describe('an edit of the compiled code', () => {
  const code = new Map([
    ['a.js', 'one(); two(); two();'],
    ['b.js', 'three(); one();'],
  ]);

  test('an edit changes the one file that has its text', () => {
    expect(fileOf(code, 'three();')).toBe('b.js');
    expect(edited(code, [{ find: 'three', replace: '$&' }])).toEqual(
      new Map([['b.js', '$&(); one();']]),
    );
  });

  test.each([
    ['is in no file', 'four', 'in none of them:\nfour'],
    ['is in two files', 'one();', 'in a.js (1), b.js (1):\none();'],
    ['is in one file twice', 'two();', 'in a.js (2):\ntwo();'],
  ])('an edit is refused, with its text named, when the text %s', (_, find, message) => {
    expect(() => fileOf(code, find)).toThrow(message);
    expect(() => edited(code, [{ find, replace: '' }])).toThrow(message);
  });

  test('an edit sees the changes of the edit before', () => {
    const edits = [
      { find: 'three', replace: 'four' },
      { find: 'four();', replace: 'five();' },
    ];
    expect(edited(code, edits)).toEqual(new Map([['b.js', 'five(); one();']]));
    expect(() => edited(code, [{ find: 'three', replace: 'two' }, ...edits])).toThrow('none');
  });
});
