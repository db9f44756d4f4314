import { expect, jest, test } from '@jest/globals';
import { decodersOfCorpus, nameOf, readCorpus } from './corpus.js';
import { Finding, judge } from './decoder.js';
import { DECODERS } from './decoders.js';
import { fuzz } from './fuzz.js';

jest.setTimeout(300_000);

/** New inputs for each decoder. More: `npm run fuzz`. */
const RUNS = 300;

test('every decoder has a corpus, and every corpus a decoder', () => {
  expect(decodersOfCorpus()).toEqual(DECODERS.map(({ name }) => name).sort());
});

test.each(DECODERS.map((decoder) => [decoder.name, decoder] as const))(
  'the decoder %s reads its corpus and strange bytes, and keeps its contract',
  (name, decoder) => {
    for (const [file, bytes] of readCorpus(name)) {
      expect(file).toBe(nameOf(bytes));
      judge(decoder, bytes);
    }
    const seed = Number(process.env['QUORATE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const { findings } = fuzz(decoder, RUNS, seed, false);
    expect({ seed, findings }).toEqual({ seed, findings: [] });
  },
);

test.each([
  ['throws', () => JSON.parse('{')],
  [
    'is polluted',
    () => {
      Reflect.set(Object.prototype, 'polluted', 1);
      return 'accepted';
    },
  ],
  [
    'changes its input',
    (bytes: Uint8Array) => {
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return 'accepted';
    },
  ],
] as const)('the fuzzer finds a decoder that %s', (_, read: (bytes: Uint8Array) => string) => {
  const decoder = { name: 'wrong', seeds: () => [], read };
  try {
    expect(() => judge(decoder, Uint8Array.of(1, 2, 3))).toThrow(Finding);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

test('the same seed and corpus give the same inputs', () => {
  const [decoder] = DECODERS;
  if (decoder === undefined) throw new Error('there are decoders');
  expect(fuzz(decoder, 200, 5, false)).toEqual(fuzz(decoder, 200, 5, false));
});
