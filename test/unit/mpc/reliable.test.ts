import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { PartyIndex } from '../../../src/common/index.js';
import { utf8 } from '../../../src/common/index.js';
import { digestBytes } from '../../../src/mpc/envelope.js';
import {
  echoed,
  ProtocolAbort,
  protocol,
  reliable,
  signEnvelope,
  startSession,
  TO_ALL,
} from '../../../src/mpc/index.js';
import type { Codec, Echoed } from '../../../src/mpc/index.js';
import { decode, Echo, encode } from '../../../src/wire/index.js';
import { testVerify } from '../../support/builders/frost-exchange.js';
import { isWaiting, Network, networkOf, SESSION, signerOf } from './network.js';
import type { Message } from './network.js';

const text: Codec<Uint8Array> = { encode: (value) => value, decode: (body) => body };

type Chain = {
  readonly first: { readonly all: Uint8Array };
  readonly second: { readonly all: Uint8Array };
  readonly third: { readonly all: Uint8Array };
};
/** A failing run prints its seed. */
const RUNS = { numRuns: 40 };
const NAMES = ['first', 'second', 'third'] as const;

const chain = protocol<Echoed<Chain>>({
  name: 'chain',
  limits: { bodyBytesMax: 10_000, earlySealedMax: 0 },
  rounds: echoed<Chain>({ first: { all: text }, second: { all: text }, third: { all: text } }),
});

type Ending = readonly Uint8Array[] | { readonly error: unknown } | 'waiting';

/** Runs three reliable rounds among four, with messages altered on their way. */
async function run(tamper: (message: Message) => readonly Message[]): Promise<Ending[]> {
  const network = networkOf(chain, 4);
  const endings: Ending[] = network.sessions.map(() => 'waiting');
  const runs = network.sessions.map(async ({ party }, at) => {
    const own = reliable<Chain>(party);
    try {
      const said: Uint8Array[] = [];
      for (const name of NAMES) {
        const heard = await own.round(name, { all: utf8(`${name} of ${party.index}`) });
        said.push(...heard.map(({ all }) => all));
      }
      await own.agreed();
      endings[at] = said;
    } catch (error) {
      if (endings[at] === 'waiting') endings[at] = { error };
    }
  });
  await network.settle((batch) => batch.flatMap(tamper));
  const settled = [...endings];
  network.close();
  await Promise.all(runs);
  return settled;
}

function abortOf(ending: Ending | undefined): ProtocolAbort {
  if (typeof ending === 'object' && 'error' in ending && ending.error instanceof ProtocolAbort)
    return ending.error;
  throw new Error(`no abort: ${JSON.stringify(ending)}`);
}

test('with honest senders all receivers end with the same broadcasts', async () => {
  const endings = await run((message) => [message]);

  const said = NAMES.flatMap((name) => [1, 2, 3, 4].map((from) => utf8(`${name} of ${from}`)));
  expect(endings).toEqual([said, said, said, said]);
});

/** The liar signs another body of a round for some receivers. */
function twoFaced(liar: PartyIndex, name: (typeof NAMES)[number], victims: readonly PartyIndex[]) {
  const kind = chain.kinds[name];
  return (message: Message): readonly Message[] => {
    const { from, to, envelope } = message;
    if (from !== liar || envelope.kind !== kind || !victims.includes(to)) return [message];
    const other = signEnvelope(signerOf(liar), SESSION, kind, from, TO_ALL, utf8('other'));
    return [{ from, to, envelope: other }];
  };
}

/** Whether the evidence is two digests of one kind that the accused has signed, and nothing else. */
function convinces({ culprits, evidence }: ProtocolAbort, liar: PartyIndex): boolean {
  const digests = evidence.map(({ sessionId, kind, from, to, content }) => {
    if (content?.$case !== 'digest' || from !== liar) return '';
    const { digest, signature } = content.value;
    const signed = digestBytes(sessionId, kind, from, to, digest);
    const holds = testVerify.identity(signerOf(liar).publicKey, signed, signature);
    return holds ? `${kind} ${Buffer.from(digest).toString('hex')}` : '';
  });
  const kinds = new Set(evidence.map(({ kind }) => kind));
  const isDouble = kinds.size === 1 && new Set(digests).size === 2 && !digests.includes('');
  return isDouble && evidence.length === 2 && culprits.length === 1 && culprits[0] === liar;
}

test('a sender of two broadcasts is named by every honest receiver, alone, with its own two signatures', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(...NAMES),
      fc.integer({ min: 1, max: 2 }),
      fc.boolean(),
      async (liar, name, victimCount, isSilentAfter) => {
        const honest = [1, 2, 3, 4].filter((index) => index !== liar);
        const lie = twoFaced(liar, name, honest.slice(0, victimCount));
        const echoKind = chain.kinds[`${name}-echo`];
        const endings = await run((message) =>
          isSilentAfter && message.from === liar && message.envelope.kind === echoKind
            ? []
            : lie(message),
        );

        for (const index of honest) {
          const abort = abortOf(endings[index - 1]);
          expect(abort.culprits).toEqual([liar]);
          expect(convinces(abort, liar)).toBe(true);
        }
      },
    ),
    RUNS,
  );
});

test('an echo of a message that its alleged sender has not signed names the sender of the echo', async () => {
  const kind = chain.kinds['first-echo'];
  const endings = await run((message) => {
    const { from, to, envelope } = message;
    const body = envelope.content?.$case === 'open' ? envelope.content.value.body : undefined;
    const echo = body && decode(Echo, body);
    if (from !== 4 || envelope.kind !== kind || echo === undefined) return [message];
    const [mine, ...others] = echo.heard;
    const madeUp = {
      digest: new Uint8Array(32).fill(9),
      signature: mine?.signature ?? new Uint8Array(),
    };
    const lie = encode(Echo, { heard: [madeUp, ...others] });
    return [{ from, to, envelope: signEnvelope(signerOf(4), SESSION, kind, 4, TO_ALL, lie) }];
  });

  for (const ending of endings.slice(0, 3)) {
    const { culprits, evidence } = abortOf(ending);
    expect(culprits).toEqual([4]);
    expect(evidence.map((envelope) => `${envelope.kind} ${envelope.from}`)).toEqual([`${kind} 4`]);
  }
});

test('an echo with too few broadcasts names its sender', async () => {
  const kind = chain.kinds['second-echo'];
  const endings = await run((message) => {
    const { from, to, envelope } = message;
    if (from !== 4 || envelope.kind !== kind) return [message];
    const lie = encode(Echo, { heard: [] });
    return [{ from, to, envelope: signEnvelope(signerOf(4), SESSION, kind, 4, TO_ALL, lie) }];
  });

  for (const ending of endings.slice(0, 3)) expect(abortOf(ending).culprits).toEqual([4]);
});

test('the next round is sent before the echoes have come, and the round after it is not', async () => {
  const kinds = new Set<string>();
  const endings = await run((message) => {
    kinds.add(message.envelope.kind);
    return message.envelope.kind === chain.kinds['first-echo'] ? [] : [message];
  });

  expect(kinds).toContain(chain.kinds.second);
  expect(kinds).not.toContain(chain.kinds.third);
  expect(endings).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
});

test('a run is not over before the last echoes agree', async () => {
  const endings = await run((message) =>
    message.envelope.kind === chain.kinds['third-echo'] && message.from === 2 ? [] : [message],
  );

  expect(endings.map((ending) => ending === 'waiting')).toEqual([true, false, true, true]);
});

/** A broadcast to some, whose receivers alone echo it. */
type Told = { readonly told: { readonly all: Uint8Array } };
const telling = protocol<Echoed<Told>, 'tellers' | 'hearers'>({
  name: 'telling',
  limits: { bodyBytesMax: 10_000, earlySealedMax: 0 },
  rounds: echoed<Told, 'tellers' | 'hearers'>({
    told: { senders: 'tellers', receivers: 'hearers', all: text },
  }),
});

test('only the receivers of a broadcast echo it, and they wait for no other', async () => {
  const groups = { tellers: [1, 2], hearers: [2, 3, 4] };
  const network = new Network<Echoed<Told>>(
    (parts) => startSession({ ...parts, protocol: telling, groups }),
    4,
  );
  const echoers = new Set<PartyIndex>();
  const runs = network.sessions.map(async ({ party }) => {
    const own = reliable<Told>(party);
    const mine = { all: utf8(`of ${party.index}`) };
    const heard = await (party.index <= 2 ? own.round('told', mine) : own.round('told'));
    await own.agreed();
    return heard.map(({ all }) => all);
  });
  await network.settle((batch) => {
    for (const { from, envelope } of batch)
      if (envelope.kind === telling.kinds['told-echo']) echoers.add(from);
    return batch;
  });

  const said = [utf8('of 1'), utf8('of 2')];
  expect(await Promise.all(runs)).toEqual([[], said, said, said]);
  expect(echoers).toEqual(new Set([2, 3, 4]));
  expect(await isWaiting(Promise.all(runs))).toBe(false);
});
