import { expect, test } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { utf8, type PartyIndex } from '../../../src/common/index.js';
import {
  ProtocolAbort,
  protocol,
  signEnvelope,
  startSession,
  TO_ALL,
  type Session,
} from '../../../src/mpc/index.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { seededRandom, testSigner, testVerify } from '../../support/builders/frost-exchange.js';

/** A protocol of two rounds that has nothing to do with signatures. */
type Greetings = {
  readonly hello: { readonly all: { readonly sealKey: Uint8Array } };
  readonly secret: { readonly each: Uint8Array };
};

const greeting = protocol<Greetings>({
  name: 'greeting',
  limits: { bodyBytesMax: 16_384, earlySealedMax: 4 },
  rounds: {
    hello: {
      all: {
        encode: ({ sealKey }) => sealKey,
        decode: (body) => (body.length === 32 ? { sealKey: body } : undefined),
      },
      sealKey: ({ sealKey }) => sealKey,
    },
    secret: {
      each: {
        encode: (value) => value,
        decode: (body) => (body.length < 100 ? body : undefined),
      },
    },
  },
});
const HELLO = greeting.kinds.hello;
const SECRET = greeting.kinds.secret;

const signers: readonly Signer[] = [1, 2, 3].map((index) => testSigner(`node-${index}`));
const sessionId = new Uint8Array(32).fill(5);
type Message = { readonly from: PartyIndex; readonly to: PartyIndex; readonly envelope: Envelope };
type Member = { readonly session: Session<Greetings>; readonly sent: Message[] };

function member(index: PartyIndex, id: Uint8Array = sessionId): Member {
  const sent: Message[] = [];
  const session = startSession({
    protocol: greeting,
    groups: {},
    sessionId: id,
    index,
    identityKeys: signers.map(({ publicKey }) => publicKey),
    signer: signers[index - 1] ?? testSigner('nobody'),
    verify: testVerify,
    random: seededRandom(index),
    send: (to, envelope) => sent.push({ from: index, to, envelope }),
  });
  return { session, sent };
}

const members = () => [member(1), member(2), member(3)] as const;

function deliver(receivers: readonly Member[], messages: readonly Message[]): void {
  for (const { from, to, envelope } of messages) receivers[to - 1]?.session.receive(from, envelope);
}

const hello = ({ session: { party } }: Member) =>
  party.round('hello', { all: { sealKey: party.sealKey } });
const secret = ({ session: { party } }: Member) =>
  party.round('secret', { each: (to) => utf8(`from ${party.index} to ${to}`) });

async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  promise.catch(() => undefined);
  return Promise.race([promise.then(() => false), setImmediate(true)]);
}

/** All three past HELLO. */
async function greeted() {
  const all = members();
  const said = all.map(hello);
  deliver(
    all,
    all.flatMap(({ sent }) => sent.splice(0)),
  );
  await Promise.all(said);
  return all;
}

test('every participant gets every broadcast, its own included, in order of participants', async () => {
  const all = members();
  const results = all.map(hello);

  deliver(all, all.flatMap(({ sent }) => sent).toReversed());

  const keys = all.map(({ session }) => session.party.sealKey);
  const heard = keys.map((sealKey, at) => ({ from: at + 1, all: { sealKey } }));
  expect(await Promise.all(results)).toEqual([heard, heard, heard]);
  expect(all[0].session.party.broadcasts('hello').map(({ body }) => body)).toEqual(keys);
});

test('a private message reaches its receiver, sealed, and no other participant can open it', async () => {
  const all = await greeted();
  const results = all.map(secret);
  const messages = all.flatMap(({ sent }) => sent);

  deliver(all, messages);

  expect((await Promise.all(results))[1]).toEqual(
    [1, 2, 3].map((from) => ({ from, each: utf8(`from ${from} to 2`) })),
  );
  for (const { from, to, envelope } of messages) {
    expect(envelope.content?.$case).toBe('sealed');
    expect(
      Buffer.from(Object.values(envelope.content ?? {})[1] as Uint8Array).toString(),
    ).not.toMatch(`from ${from} to ${to}`);
  }
});

test('a sealed message replayed to another receiver counts as absent', async () => {
  const all = await greeted();
  const [one, two, three] = all;
  const result = secret(three);
  await isWaiting(secret(one));
  await isWaiting(secret(two));
  const forTwo = one.sent.find(({ to }) => to === 2)?.envelope;

  if (forTwo) three.session.receive(1, { ...forTwo, to: 3 });
  deliver(all, two.sent);

  expect(await isWaiting(result)).toBe(true);
});

test('messages may come before the protocol asks for them', async () => {
  const all = members();
  const [one, ...others] = all;
  const results = others.map(hello);
  deliver(
    all,
    others.flatMap(({ sent }) => sent.splice(0)),
  );

  const late = hello(one);
  deliver(all, one.sent.splice(0));

  expect((await late).length).toBe(3);
  await Promise.all(results);
});

test('a sealed message that comes before its sender’s key is kept, and opened then', async () => {
  const all = members();
  const [one, two, three] = all;
  const said = all.map(hello);
  const [fromOne, fromTwo, fromThree] = all.map(({ sent }) => sent.splice(0));
  deliver([one, two], [...(fromTwo ?? []), ...(fromThree ?? []), ...(fromOne ?? [])]);
  await Promise.all(said.slice(0, 2));
  const secrets = [secret(one), secret(two)];

  deliver(all, [...one.sent, ...two.sent]);
  deliver(
    all,
    [...(fromOne ?? []), ...(fromTwo ?? [])].filter(({ to }) => to === 3),
  );
  await said[2];
  const result = secret(three);

  expect((await result)[0]).toEqual({ from: 1, each: utf8('from 1 to 3') });
  for (const each of secrets) expect(await isWaiting(each)).toBe(true);
});

test('resend repeats every message, byte for byte, and repeated messages change nothing', async () => {
  const all = await greeted();
  const results = all.map(secret);
  const first = all.flatMap(({ sent }) => sent.splice(0));
  for (const { session } of all) session.resend();
  const again = all.flatMap(({ sent }) => sent.splice(0));

  const secretsAgain = again.filter(({ envelope }) => envelope.kind === SECRET);
  expect(secretsAgain).toEqual(first);
  deliver(all, [...again, ...first, ...again]);

  expect((await Promise.all(results)).map((values) => values.length)).toEqual([3, 3, 3]);
});

test('a lost message arrives with the repetition', async () => {
  const all = members();
  const results = all.map(hello);
  for (const { session, sent } of all) {
    sent.length = 0;
    session.resend();
  }

  deliver(
    all,
    all.flatMap(({ sent }) => sent),
  );

  expect((await Promise.all(results)).length).toBe(3);
});

test('two different bodies of one sender and kind are equivocation, with both as evidence', async () => {
  const [one, two] = members();
  const result = hello(one);
  const forged = [7, 8].map((fill) =>
    signEnvelope(
      signers[1] ?? testSigner('nobody'),
      sessionId,
      HELLO,
      2,
      TO_ALL,
      new Uint8Array(32).fill(fill),
    ),
  );

  for (const envelope of forged) one.session.receive(2, envelope);

  const abort: unknown = await result.catch((error: unknown) => error);
  expect(abort).toBeInstanceOf(ProtocolAbort);
  expect(abort).toMatchObject({ culprits: [2], evidence: forged });
  expect(two.sent).toEqual([]);
});

test('the same body under another signature is no equivocation: a signer can make many', async () => {
  const all = members();
  const [one] = all;
  const result = hello(one);
  await isWaiting(hello(all[1]));
  const [original] = all[1].sent;
  const content = original?.envelope.content;
  if (original === undefined || content?.$case !== 'open') throw new Error('open');

  one.session.receive(2, original.envelope);
  const other = { body: content.value.body, signature: new Uint8Array(64) };
  one.session.receive(2, { ...original.envelope, content: { $case: 'open', value: other } });

  expect(await isWaiting(result)).toBe(true);
});

test.each<[string, (envelope: Envelope) => Envelope]>([
  ['another session', (envelope) => ({ ...envelope, sessionId: new Uint8Array(32) })],
  ['another kind', (envelope) => ({ ...envelope, kind: SECRET })],
  ['an unknown kind', (envelope) => ({ ...envelope, kind: '__proto__' })],
  ['index 0', (envelope) => ({ ...envelope, from: 0 })],
  ['an index beyond n', (envelope) => ({ ...envelope, from: 4 })],
  ['another sender than its stream', (envelope) => ({ ...envelope, from: 3 })],
  ['one receiver', (envelope) => ({ ...envelope, to: 1 })],
  ['no content', (envelope) => ({ ...envelope, content: undefined })],
  [
    'a sealed content',
    (envelope) => ({ ...envelope, content: { $case: 'sealed', value: new Uint8Array(99) } }),
  ],
  [
    'a wrong signature',
    (envelope) =>
      envelope.content?.$case === 'open'
        ? {
            ...envelope,
            content: {
              $case: 'open',
              value: { ...envelope.content.value, signature: new Uint8Array(64) },
            },
          }
        : envelope,
  ],
])('%s: the message counts as absent and blames nobody', async (_what, alter) => {
  const all = members();
  const [one, two] = all;
  const result = hello(one);
  await isWaiting(hello(two));
  await isWaiting(hello(all[2]));
  deliver(all, all[2].sent);
  const envelope = two.sent[0]?.envelope;
  if (envelope === undefined) throw new Error('two has spoken');
  const altered = alter(envelope);

  one.session.receive(altered.from === 3 ? 2 : altered.from, altered);
  expect(await isWaiting(result)).toBe(true);

  one.session.receive(2, envelope);
  expect((await result).length).toBe(3);
});

test('names from the prototype of objects are no message kinds', () => {
  const { session } = member(1);
  for (const kind of ['__proto__', 'constructor', 'toString'])
    session.receive(2, {
      sessionId,
      kind,
      from: 2,
      to: 0,
      content: { $case: 'open', value: { body: utf8('{"signingShare":1}'), signature: sessionId } },
    });

  expect(({} as Record<string, unknown>)['signingShare']).toBeUndefined();
});

test('an announced key that makes a shared secret of zero counts as absent', async () => {
  const all = members();
  const result = hello(all[0]);
  await isWaiting(hello(all[2]));
  deliver(all, all[2].sent);
  const [, signer] = signers;
  if (signer === undefined) throw new Error('there are three');

  all[0].session.receive(2, signEnvelope(signer, sessionId, HELLO, 2, 0, new Uint8Array(32)));

  expect(await isWaiting(result)).toBe(true);
});

test('a signed body that is no message makes its sender the culprit', async () => {
  const all = members();
  const result = hello(all[0]);
  await isWaiting(hello(all[2]));
  deliver(all, all[2].sent);
  const [, signer] = signers;
  if (signer === undefined) throw new Error('there are three');
  const junk = signEnvelope(signer, sessionId, HELLO, 2, 0, utf8('junk'));

  all[0].session.receive(2, junk);

  await expect(result).rejects.toMatchObject({ culprits: [2], evidence: [junk] });
});

test('a body beyond the limit is not read', async () => {
  const { session } = member(1);
  const [, signer] = signers;
  if (signer === undefined) throw new Error('there are three');
  for (const fill of [1, 2]) {
    const body = new Uint8Array(16_385).fill(fill);
    session.receive(2, signEnvelope(signer, sessionId, HELLO, 2, 0, body));
  }

  expect(await isWaiting(session.party.round('hello', { all: { sealKey: sessionId } }))).toBe(true);
});

test('closing a session rejects pending and later calls, and sends nothing more', async () => {
  const one = member(1);
  const waiting = hello(one);
  one.sent.length = 0;

  one.session.close(new Error('the deadline has passed'));
  one.session.resend();

  await expect(waiting).rejects.toThrow('the deadline has passed');
  await expect(secret(one)).rejects.toThrow('the deadline has passed');
  expect(one.sent).toEqual([]);
});

test('a session with one participant is over at once', async () => {
  const [signer] = signers;
  if (signer === undefined) throw new Error('there are three');
  const { party } = startSession({
    protocol: greeting,
    groups: {},
    sessionId,
    index: 1,
    identityKeys: [signer.publicKey],
    signer,
    verify: testVerify,
    random: seededRandom(1),
    send: () => expect('sent').toBe('nothing'),
  });

  expect(await party.round('secret', { each: () => utf8('mine') })).toEqual([
    { from: 1, each: utf8('mine') },
  ]);
});
