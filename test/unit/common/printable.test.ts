import { describe, expect, test } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { printable } from '../../../src/common/index.js';

describe('characters that a terminal would act on are escaped', () => {
  test.each([
    ['a colour', '\u001b[32mok\u001b[0m', String.raw`\u001b[32mok\u001b[0m`],
    ['a control sequence in one character (C1)', '\u009b2J', String.raw`\u009b2J`],
    ['a window title', '\u001b]0;x\u0007', String.raw`\u001b]0;x\u0007`],
    ['a line break', 'a\nb\r\nc', String.raw`a\nb\r\nc`],
    ['next line (C1)', 'a\u0085b', String.raw`a\u0085b`],
    ['line and paragraph separators', 'a\u2028b\u2029c', String.raw`a\u2028b\u2029c`],
    ['backspace, delete, null', 'a\b\u007f\0', String.raw`a\u0008\u007f\u0000`],
    ['a tab, which would move the columns of a table', 'a\tb', String.raw`a\tb`],
    ['right to left', '\u202Egpj.\u202C', String.raw`\u202egpj.\u202c`],
    ['isolates and marks', '\u2066a\u2069\u200f\u061c', String.raw`\u2066a\u2069\u200f\u061c`],
    ['zero-width characters', 'a\u200bb\u200dc\ufeff', String.raw`a\u200bb\u200dc\ufeff`],
    ['a soft hyphen', 'pay\u00adment', String.raw`pay\u00adment`],
    ['hidden tags', 'a\u{e0041}', String.raw`a\udb40\udc41`],
    ['a variation selector', 'a\ufe0f', String.raw`a\ufe0f`],
    ['half a surrogate pair', 'a\ud800', String.raw`a\ud800`],
  ])('escapes %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test.each(['Zürich', '日本語', 'שלום', '😀 𝔘', 'C:\\new', '\'"` $(x)'])('leaves %s', (text) => {
    expect(printable(text)).toBe(text);
  });
});

const anyText = string({ unit: 'binary' });

test('a printable text breaks no line, moves no cursor and hides nothing', () => {
  assert(
    property(anyText, (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});

test('printable JSON keeps its meaning', () => {
  assert(
    property(anyText, (text) => {
      expect(JSON.parse(printable(JSON.stringify({ [text]: text })))).toEqual({ [text]: text });
    }),
  );
});
