import { setImmediate } from 'node:timers/promises';
import type { PartyIndex } from '../../../src/common/index.js';
import { startSession } from '../../../src/mpc/index.js';
import type { Party, Rounds, Session, SessionParts } from '../../../src/mpc/index.js';
import type { Random, Signer, Verify } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';

/** What a message becomes on its way: nothing, itself, or others. */
export type Tamper = (from: PartyIndex, to: PartyIndex, envelope: Envelope) => readonly Envelope[];

/** How a party ended. `waiting`: it would go on waiting until its deadline. */
export type Ended<T> = { readonly result: T } | { readonly error: unknown } | 'waiting';

export type ExchangeOptions<R extends Rounds, G extends string, T> = Pick<
  SessionParts<R, G>,
  'protocol' | 'groups' | 'sessionId'
> & {
  readonly signers: readonly Signer[];
  readonly verify: Verify;
  /** Of each party's session. */
  random(index: PartyIndex): Random;
  /** One party's part. */
  run(party: Party<R>): Promise<T>;
  readonly tamper?: Tamper | undefined;
  /** How often all say everything again once nothing moves. */
  readonly rounds?: number | undefined;
  /** Attackers: what they make of the party that the honest protocol would talk to. */
  readonly corrupt?: Readonly<Record<PartyIndex, (party: Party<R>) => Party<R>>> | undefined;
};

/** Runs one session of a protocol among parties in memory, until nothing moves any more. */
export async function runSessions<R extends Rounds, G extends string, T>(
  options: ExchangeOptions<R, G, T>,
): Promise<{
  readonly sessions: readonly Session<R>[];
  /** In order of party index. */
  readonly outcomes: readonly Ended<T>[];
}> {
  const { protocol, groups, sessionId, signers, verify } = options;
  const tamper: Tamper = options.tamper ?? ((_from, _to, envelope) => [envelope]);
  const queue: { from: PartyIndex; to: PartyIndex; envelope: Envelope }[] = [];
  const identityKeys = signers.map(({ publicKey }) => publicKey);
  const sessions = signers.map((signer, at) =>
    startSession<R, G>({
      sessionId,
      index: at + 1,
      identityKeys,
      signer,
      verify,
      random: options.random(at + 1),
      protocol,
      groups,
      send: (to, envelope) => {
        for (const each of tamper(at + 1, to, envelope))
          queue.push({ from: at + 1, to, envelope: each });
      },
    }),
  );
  const outcomes: Ended<T>[] = sessions.map(() => 'waiting');
  const runs = sessions.map(async ({ party }, at) => {
    const corrupted = options.corrupt?.[at + 1]?.(party) ?? party;
    try {
      outcomes[at] = { result: await options.run(corrupted) };
    } catch (error) {
      if (outcomes[at] === 'waiting') outcomes[at] = { error };
    }
  });

  for (let round = 0; round <= (options.rounds ?? 0); round++) {
    if (round > 0) for (const session of sessions) session.resend();
    do {
      for (const { from, to, envelope } of queue.splice(0))
        sessions[to - 1]?.receive(from, envelope);
      await setImmediate();
    } while (queue.length > 0);
  }

  const settled = [...outcomes];
  for (const session of sessions) session.close(new Error('the test is over'));
  await Promise.all(runs);
  return { sessions, outcomes: settled };
}
