import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { utf8 } from '../../../src/common/index.js';
import { protocol, signEnvelope, startSession, TO_ALL } from '../../../src/mpc/index.js';
import type { Codec, Party } from '../../../src/mpc/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { isWaiting, Network, networkOf, SESSION, signerOf } from './network.js';
import type { Message } from './network.js';

const bytes: Codec<Uint8Array> = { encode: (value) => value, decode: (body) => body };
/** A failing run prints its seed. */
const RUNS = { numRuns: 40 };
const limits = { bodyBytesMax: 1_000, earlySealedMax: 4 };

type Talk = {
  readonly hello: { readonly all: Uint8Array };
  readonly both: { readonly all: Uint8Array; readonly each: Uint8Array };
  readonly more: { readonly each: Uint8Array };
};

const talk = protocol<Talk>({
  name: 'talk',
  limits,
  rounds: {
    hello: { all: bytes, sealKey: (value) => value },
    both: { all: bytes, each: bytes },
    more: { each: bytes },
  },
});

const greet = (party: Party<Talk>) => party.round('hello', { all: party.sealKey });

/** The same plaintext for one receiver in both rounds. */
const secret = (from: number, to: number) => utf8(`from ${from} to ${to}`);
const inBoth = (party: Party<Talk>) =>
  party.round('both', { all: utf8(`of ${party.index}`), each: (to) => secret(party.index, to) });
const inMore = (party: Party<Talk>) =>
  party.round('more', { each: (to) => secret(party.index, to) });

/** What participant `to` of three hears in the rounds. */
const heardInBoth = (to: number) =>
  [1, 2, 3].map((from) => ({ from, all: utf8(`of ${from}`), each: secret(from, to) }));
const heardInMore = (to: number) => [1, 2, 3].map((from) => ({ from, each: secret(from, to) }));

async function greeted(count = 3): Promise<Network<Talk>> {
  const network = networkOf(talk, count);
  const rounds = network.sessions.map(({ party }) => greet(party));
  await network.settle();
  await Promise.all(rounds);
  return network;
}

test('a round carries a broadcast and private messages together', async () => {
  const network = await greeted();
  const rounds = network.sessions.map(({ party }) => inBoth(party));
  await network.settle();

  expect(await Promise.all(rounds)).toEqual([1, 2, 3].map(heardInBoth));
  expect(network.sessions[0]?.party.privates('both')).toEqual(
    [1, 2, 3].map((from) => secret(from, 1)),
  );
});

test('rounds in flight end alike in whatever order their messages come, and however often', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), async (draws) => {
      const network = networkOf(talk, 3);
      const results = network.sessions.map(async ({ party }) => {
        await greet(party);
        return Promise.all([inMore(party), inBoth(party)]);
      });
      let next = 0;
      const draw = (below: number): number => (draws[next++ % draws.length] ?? 0) % below;
      const late: Message[] = [];
      await network.settle((batch) => {
        const pool = [...batch, ...late.splice(0)];
        if (pool.length > 1 && draw(4) === 0) late.push(...pool.splice(draw(pool.length), 1));
        const order: Message[] = [];
        while (pool.length > 0) order.push(...pool.splice(draw(pool.length), 1));
        return [...order, ...order.filter(() => draw(3) === 0)];
      });
      await network.settle(() => late.splice(0));
      for (const { resend } of network.sessions.map((session) => ({
        resend: () => session.resend(),
      })))
        resend();
      await network.settle();

      expect(await Promise.all(results)).toEqual(
        [1, 2, 3].map((to) => [heardInMore(to), heardInBoth(to)]),
      );
      network.close();
    }),
    RUNS,
  );
});

test('each kind and direction is sealed with a key of its own, though the plaintext is the same', async () => {
  const network = await greeted();
  const rounds = network.sessions.flatMap(({ party }) => [inBoth(party), inMore(party)]);
  const sent = network.take();
  const seals = sent.flatMap(({ envelope: { content } }) =>
    content?.$case === 'sealed' ? [Buffer.from(content.value).toString('hex')] : [],
  );

  expect(seals).toHaveLength(12);
  // Of the encoded tag, length and body: with equal keys and nonces, equal plaintexts would be equal here.
  const bytesOfBody = 2 + secret(1, 2).length;
  expect(new Set(seals.map((seal) => seal.slice(0, 2 * bytesOfBody))).size).toBe(12);
  network.deliver(sent);
  await Promise.all(rounds);
});

test('a private message shown as one of another kind counts as absent', async () => {
  const network = await greeted(2);
  const [one, two] = network.sessions;
  if (one === undefined || two === undefined) throw new Error('there are two');
  const waiting = inMore(two.party);
  void inBoth(one.party);
  const sealed = network.take().find(({ envelope }) => envelope.content?.$case === 'sealed');
  const kind = talk.kinds.more;

  network.deliver(sealed ? [{ ...sealed, to: 2, envelope: { ...sealed.envelope, kind } }] : []);

  expect(await isWaiting(waiting)).toBe(true);
  network.close();
});

const saidInBoth = (text: string): Envelope =>
  signEnvelope(signerOf(2), SESSION, talk.kinds.both, 2, TO_ALL, utf8(text));

test('two bodies in one round end every round in flight, and name their sender', async () => {
  const network = await greeted();
  const [one] = network.sessions;
  if (one === undefined) throw new Error('there are three');
  const rounds = [inMore(one.party), inBoth(one.party)];

  network.deliver(['this', 'that'].map((text) => ({ from: 2, to: 1, envelope: saidInBoth(text) })));

  for (const round of rounds)
    await expect(round).rejects.toMatchObject({
      culprits: [2],
      evidence: [saidInBoth('this'), saidInBoth('that')],
    });
});

test('one sender’s message is read before the others have sent theirs', async () => {
  const network = networkOf(talk, 3);
  const [one, two] = network.sessions;
  if (one === undefined || two === undefined) throw new Error('there are three');
  const whole = greet(one.party);
  void greet(two.party);
  const heard = one.party.heard('hello', 2);

  network.deliver(network.take());

  expect(await heard).toEqual({ from: 2, all: two.party.sealKey });
  expect(await isWaiting(whole)).toBe(true);
  network.close();
});

test('a round is begun once', async () => {
  const network = networkOf(talk, 2);
  const [one] = network.sessions;
  if (one === undefined) throw new Error('there are two');
  void greet(one.party);

  await expect(greet(one.party)).rejects.toThrow('begun once');
  network.close();
});

test('closing ends every round in flight, and wipes the private messages', async () => {
  const network = await greeted();
  const [one] = network.sessions;
  if (one === undefined) throw new Error('there are three');
  const done = network.sessions.map(({ party }) => inMore(party));
  await network.settle();
  await Promise.all(done);
  const privates = one.party.privates('more');
  const waiting = [inBoth(one.party), one.party.heard('both', 2)];
  network.take();

  one.close(new Error('the deadline has passed'));
  one.resend();

  for (const each of waiting) await expect(each).rejects.toThrow('the deadline has passed');
  expect(privates.every((body) => body.every((byte) => byte === 0))).toBe(true);
  expect(network.take()).toEqual([]);
});

/** A round with its receivers apart from its senders, as in a reshare: 3 is in both groups. */
type Deal = {
  readonly join: { readonly all: Uint8Array };
  readonly deal: { readonly all: Uint8Array; readonly each: Uint8Array };
};
const dealing = protocol<Deal, 'old' | 'fresh'>({
  name: 'dealing',
  limits,
  rounds: {
    join: { all: bytes, sealKey: (value) => value },
    deal: { senders: 'old', receivers: 'fresh', all: bytes, each: bytes },
  },
});

async function dealers(): Promise<Network<Deal>> {
  const groups = { old: [1, 2, 3], fresh: [3, 4] };
  const network = new Network<Deal>(
    (parts) => startSession({ ...parts, protocol: dealing, groups }),
    4,
  );
  const joined = network.sessions.map(({ party }) => party.round('join', { all: party.sealKey }));
  await network.settle();
  await Promise.all(joined);
  return network;
}

test('senders and receivers may differ: a mere sender gets nothing, a mere receiver sends nothing', async () => {
  const network = await dealers();
  const rounds = network.sessions.map(({ party }) =>
    party.index === 4
      ? party.round('deal')
      : party.round('deal', {
          all: utf8(`of ${party.index}`),
          each: (to) => secret(party.index, to),
        }),
  );
  const sent = network.take();
  network.deliver(sent);

  expect(await Promise.all(rounds)).toEqual([[], [], heardInBoth(3), heardInBoth(4)]);
  expect(new Set(sent.map(({ to }) => to))).toEqual(new Set([3, 4]));
});

const saidByFour = (text: string): Envelope =>
  signEnvelope(signerOf(4), SESSION, dealing.kinds.deal, 4, TO_ALL, utf8(text));

test('a message of a participant that is no sender of the round counts as absent', async () => {
  const network = await dealers();
  const three = network.sessions[2];
  if (three === undefined) throw new Error('there are four');
  const waiting = three.party.round('deal', { all: utf8('mine'), each: () => utf8('mine') });

  network.deliver(['this', 'that'].map((text) => ({ from: 4, to: 3, envelope: saidByFour(text) })));

  expect(await isWaiting(waiting)).toBe(true);
  network.close();
});

test('a sender without a message, and a mere receiver with one, are mistakes of the caller', async () => {
  const network = await dealers();
  const [one, , , four] = network.sessions;

  await expect(one?.party.round('deal')).rejects.toThrow('said by all its senders');
  const mine = { all: utf8('mine'), each: () => utf8('mine') };
  await expect(four?.party.round('deal', mine)).rejects.toThrow('said by all its senders');
  network.close();
});

test('a malformed group is a mistake of the caller', () => {
  for (const old of [[], [2, 1], [1, 1], [0, 1], [1, 5]])
    expect(
      () =>
        new Network<Deal>(
          (parts) => startSession({ ...parts, protocol: dealing, groups: { old, fresh: [3, 4] } }),
          4,
        ),
    ).toThrow('a group of participants');
});

const big = protocol<Talk>({ ...talk, name: 'big', limits: { ...limits, bodyBytesMax: 120_000 } });

test('bodies are as large as their protocol permits, in the clear and sealed', async () => {
  const network = networkOf(big, 2);
  const body = new Uint8Array(120_000).fill(7);
  const rounds = network.sessions.map(async ({ party }) => {
    await greet(party);
    return party.round('both', { all: body, each: () => body.slice() });
  });
  await network.settle();

  for (const heard of await Promise.all(rounds))
    expect(heard.every(({ all, each }) => all.length === 120_000 && each.length === 120_000)).toBe(
      true,
    );
});

test('a body of one byte more than its protocol permits counts as absent, and blames no participant', async () => {
  const network = await greeted();
  const [one] = network.sessions;
  if (one === undefined) throw new Error('there are three');
  const waiting = inBoth(one.party);
  const large = (fill: number): Envelope =>
    signEnvelope(
      signerOf(2),
      SESSION,
      talk.kinds.both,
      2,
      TO_ALL,
      new Uint8Array(limits.bodyBytesMax + 1).fill(fill),
    );

  network.deliver([1, 2].map((fill) => ({ from: 2, to: 1, envelope: large(fill) })));

  expect(await isWaiting(waiting)).toBe(true);
  const body = new Uint8Array(limits.bodyBytesMax + 1);
  await expect(
    network.sessions[1]?.party.round('both', { all: body, each: () => body }),
  ).rejects.toThrow('limit');
  network.close();
});

test('private messages of two rounds that come before their sender’s key wait together, and repetitions take no place', async () => {
  const network = networkOf(talk, 2);
  const [one, two] = network.sessions;
  if (one === undefined || two === undefined) throw new Error('there are two');
  const results = network.sessions.map(({ party }) => greet(party));
  const hellos = network.take();
  network.deliver(hellos.filter(({ to }) => to === 1));
  await results[0];
  void inBoth(one.party);
  void inMore(one.party);
  const [, inBothSealed, inMoreSealed] = network.take();
  if (inBothSealed === undefined || inMoreSealed === undefined) throw new Error('both are sent');

  network.deliver([...Array.from({ length: 9 }, () => inBothSealed), inMoreSealed]);
  network.deliver(hellos.filter(({ to }) => to === 2));
  await results[1];

  expect((await two.party.heard('more', 1)).each).toEqual(secret(1, 2));
  network.close();
});

test.each([
  ['a name with capitals', () => protocol<Talk>({ ...talk, name: 'Talk' })],
  [
    'a round that carries nothing',
    () => protocol<{ empty: object }>({ name: 'none', limits, rounds: { empty: {} } }),
  ],
  [
    'private messages without a key to seal to',
    () =>
      protocol<{ a: { each: Uint8Array } }>({ name: 'a', limits, rounds: { a: { each: bytes } } }),
  ],
  [
    'two keys',
    () =>
      protocol<{ a: { all: Uint8Array }; b: { all: Uint8Array } }>({
        name: 'two',
        limits,
        rounds: {
          a: { all: bytes, sealKey: (value) => value },
          b: { all: bytes, sealKey: (value) => value },
        },
      }),
  ],
  [
    'less room for early messages than an honest sender needs',
    () => protocol<Talk>({ ...talk, limits: { ...limits, earlySealedMax: 1 } }),
  ],
])('a definition with %s is a mistake of its author', (_what, define) => {
  expect(define).toThrow(/a name|carries something|sealed to a key|one key|can wait/);
});
