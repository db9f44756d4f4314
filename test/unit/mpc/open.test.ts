import { expect, test } from '@jest/globals';
import { utf8, type PartyIndex } from '../../../src/common/index.js';
import { protocol, signEnvelope, type Codec } from '../../../src/mpc/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { isWaiting, networkOf, SESSION, signerOf } from './network.js';

const bytes: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (body) => (body.length < 100 ? body : undefined),
};
const limits = { bodyBytesMax: 1_000, earlySealedMax: 0 };

type Proofs = {
  readonly prove: { readonly all: Uint8Array; readonly each: Uint8Array };
};

/** No key is announced: nothing is sealed. */
const proofs = protocol<Proofs>({
  name: 'proofs',
  limits,
  rounds: { prove: { all: bytes, each: bytes, isOpen: true } },
});
const PROVE = proofs.kinds.prove;

const proofFor = (from: PartyIndex, to: PartyIndex) => utf8(`from ${from} to ${to}`);

function proving() {
  const network = networkOf(proofs, 3);
  const results = network.sessions.map(({ party }) =>
    party.round('prove', {
      all: utf8(`of ${party.index}`),
      each: (to) => proofFor(party.index, to),
    }),
  );
  return { network, results };
}

const signed = (from: PartyIndex, to: PartyIndex, text: string): Envelope =>
  signEnvelope(signerOf(from), SESSION, PROVE, from, to, utf8(text));

test('an open private message goes to its receiver alone, signed and not sealed', async () => {
  const { network, results } = proving();
  const sent = network.take();
  const alone = sent.filter(({ envelope }) => envelope.to !== 0);

  expect(alone.map(({ from, to }) => `${from} ${to}`)).toEqual([
    '1 2',
    '1 3',
    '2 1',
    '2 3',
    '3 1',
    '3 2',
  ]);
  for (const { from, to, envelope } of alone) {
    expect(envelope).toEqual(signed(from, to, `from ${from} to ${to}`));
  }
  network.deliver(sent);

  const heard = [1, 2, 3].map((from) => ({
    from,
    all: utf8(`of ${from}`),
    each: proofFor(from, 2),
  }));
  expect(await results[1]).toEqual(heard);
  network.close();
});

test('an open message outlives the session, as evidence that anyone can judge', async () => {
  const { network, results } = proving();
  await network.settle();
  await Promise.all(results);
  const [one] = network.sessions;
  const shown = one?.party.originals(['prove'], 2);
  const held = one?.party.privates('prove');

  network.close();

  expect(shown).toEqual([signed(2, 0, 'of 2'), signed(2, 1, 'from 2 to 1')]);
  expect(held?.[1]).toEqual(proofFor(2, 1));
});

test.each([
  ['as it is', (envelope: Envelope) => envelope],
  ['readdressed', (envelope: Envelope) => ({ ...envelope, to: 3 })],
])('an open message replayed to another receiver, %s, counts as absent', async (_, replay) => {
  const { network, results } = proving();
  const sent = network.take();
  const forTwo = sent.find(({ from, to, envelope }) => from === 1 && to === 2 && envelope.to === 2);
  const withheld = sent.filter(
    (each) => !(each.from === 1 && each.to === 3 && each.envelope.to === 3),
  );

  network.deliver(withheld);
  network.deliver(forTwo ? [{ from: 1, to: 3, envelope: replay(forTwo.envelope) }] : []);

  expect(forTwo).toBeDefined();
  expect(await isWaiting(results[2] ?? Promise.resolve())).toBe(true);
  network.close();
});

test('two bodies to one receiver end the session with both as evidence', async () => {
  const { network, results } = proving();
  const evidence = ['this', 'that'].map((text) => signed(2, 1, text));

  network.deliver(evidence.map((envelope) => ({ from: 2, to: 1, envelope })));

  await expect(results[0]).rejects.toMatchObject({ culprits: [2], evidence });
  network.close();
});

test('an open message that cannot be decoded names its sender', async () => {
  const { network, results } = proving();
  const long = signed(2, 1, 'x'.repeat(100));
  const sent = network
    .take()
    .filter(({ from, to, envelope }) => from !== 2 || to !== 1 || envelope.to === 0);

  network.deliver([{ from: 2, to: 1, envelope: long }, ...sent]);

  await expect(results[0]).rejects.toMatchObject({ culprits: [2], evidence: [long] });
  network.close();
});

test('a sealed message where an open one is due counts as absent', async () => {
  const { network, results } = proving();
  const sent = network.take().map((message) => {
    const { from, to, envelope } = message;
    if (from !== 2 || to !== 1 || envelope.to !== 1) return message;
    const content = { $case: 'sealed', value: new Uint8Array(80) } as const;
    return { ...message, envelope: { ...envelope, content } };
  });

  network.deliver(sent);

  expect(await isWaiting(results[0] ?? Promise.resolve())).toBe(true);
  network.close();
});

test('a broadcast is never called open', () => {
  const rounds = { hello: { all: bytes, isOpen: true } } as const;
  expect(() => protocol<{ hello: { all: Uint8Array } }>({ name: 'talk', limits, rounds })).toThrow(
    'what may be open is for each receiver',
  );
});
