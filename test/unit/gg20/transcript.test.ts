import { expect, test } from '@jest/globals';
import { shake256 } from '@noble/hashes/sha3.js';
import {
  array,
  assert,
  nat,
  oneof,
  property,
  string,
  uint8Array,
  type Arbitrary,
} from 'fast-check';
import { concat, toHex, u32be, u64be, utf8 } from '../../../src/common/index.js';
import { gg20Transcript, gg20Xof, numberItem, signedNumberItem } from '../../../src/gg20/index.js';
import {
  bytesItem,
  integerItem,
  listItem,
  pointItem,
  signedItem,
  textItem,
  u16Item,
  u8Item,
  type Item,
} from '../../../src/wire/index.js';

const LP = (bytes: Uint8Array): Uint8Array => concat(u64be(bytes.length), bytes);

test('T is LP(GG20H/1), LP(label), the count, and items with tag and length', () => {
  const items = [u8Item(7), numberItem(258n, 3), signedNumberItem(-1n, 2)];

  const expected = concat(
    LP(utf8('GG20H/1')),
    LP(utf8('chal/alice')),
    u32be(3),
    concat(Uint8Array.of(2), LP(Uint8Array.of(7))),
    concat(Uint8Array.of(2), LP(Uint8Array.of(0, 1, 2))),
    concat(Uint8Array.of(6), LP(Uint8Array.of(1, 0, 1))),
  );

  expect(toHex(gg20Transcript('chal/alice', items))).toBe(toHex(expected));
  expect(gg20Xof('chal/alice', items, 100)).toEqual(shake256(expected, { dkLen: 100 }));
});

test('a number that needs more than its width is never written', () => {
  expect(() => numberItem(256n, 1)).toThrow(RangeError);
  expect(() => signedNumberItem(-256n, 1)).toThrow(RangeError);
  expect(signedNumberItem(0n, 1)).toEqual(signedItem(Uint8Array.of(0, 0)));
});

/** An item, and what it was made of in a form that tells all of it apart. */
const itemArbitrary: Arbitrary<readonly [Item, string]> = oneof(
  ...(
    [
      ['bytes', bytesItem],
      ['integer', integerItem],
      ['point', pointItem],
      ['signed', signedItem],
    ] as const
  ).map(([kind, make]) =>
    uint8Array({ maxLength: 20 }).map(
      (bytes) => [make(bytes), `${kind}(${toHex(bytes)})`] as const,
    ),
  ),
  string({ unit: 'binary-ascii' }).map((text) => [textItem(text), `text(${text})`] as const),
  nat(0xffff).map((value) => {
    const name = `integer(${value.toString(16).padStart(4, '0')})`;
    return [u16Item(value), name] as const;
  }),
);

test('two lists of items have one transcript only if they are the same list', () => {
  const lists = array(itemArbitrary, { maxLength: 5 });
  assert(
    property(string(), string(), lists, lists, (labelA, labelB, a, b) => {
      const [A, B] = [a, b].map((list) => JSON.stringify(list.map(([, name]) => name)));
      const same = labelA === labelB && A === B;
      const [T, U] = [
        gg20Transcript(
          labelA,
          a.map(([item]) => item),
        ),
        gg20Transcript(
          labelB,
          b.map(([item]) => item),
        ),
      ];
      expect(toHex(T) === toHex(U)).toBe(same);
    }),
  );
});

test('the border between two items cannot be moved, and a list is no sequence of items', () => {
  const [one, two] = [utf8('a$b'), utf8('c')];
  const transcripts = [
    gg20Transcript('x', [bytesItem(one), bytesItem(two)]),
    gg20Transcript('x', [bytesItem(utf8('a')), bytesItem(utf8('b$c'))]),
    gg20Transcript('x', [bytesItem(concat(one, two))]),
    gg20Transcript('x', [listItem([bytesItem(one), bytesItem(two)])]),
    gg20Transcript('x', [bytesItem(two), bytesItem(one)]),
    gg20Transcript('x', [bytesItem(one), pointItem(two)]),
    gg20Transcript('y', [bytesItem(one), bytesItem(two)]),
  ];
  expect(new Set(transcripts.map(toHex)).size).toBe(transcripts.length);
});
