import { assert, type PartyIndex } from '../common/index.js';
import { ProtocolAbort } from './abort.js';
import { Channel } from './channel.js';
import { TO_ALL } from './envelope.js';
import type { Heard } from './party.js';
import type { Carried, Protocol, Round, Rounds } from './protocol.js';

type Members = {
  readonly sessionId: Uint8Array;
  readonly index: PartyIndex;
  readonly count: number;
  readonly groups: { readonly [name: string]: readonly PartyIndex[] };
};

/** One round of a session, as this participant takes part in it. */
export class RoundRun {
  readonly round: Round<Carried, string>;
  readonly kind: string;
  /** The participants that this one hears, ascending, own index included. */
  readonly senders: readonly PartyIndex[];
  /** The participants that hear this one, ascending, own index included. */
  readonly receivers: readonly PartyIndex[];
  readonly broadcasts: Channel | undefined;
  readonly privates: Channel | undefined;
  begun = false;

  constructor(round: Round<Carried, string>, kind: string, members: Members) {
    const { sessionId, index } = members;
    const senders = groupOf(members, round.senders);
    const receivers = groupOf(members, round.receivers);
    this.round = round;
    this.kind = kind;
    this.senders = receivers.includes(index) ? senders : [];
    this.receivers = senders.includes(index) ? receivers : [];
    const channel = { sessionId, kind, senders: this.senders };
    const { all, each, isOpen } = round;
    const sealed = isOpen !== true;
    this.broadcasts = all && new Channel({ ...channel, to: TO_ALL, sealed: false, codec: all });
    this.privates = each && new Channel({ ...channel, to: index, sealed, codec: each });
  }

  get channels(): readonly Channel[] {
    return [this.broadcasts, this.privates].filter((each) => each !== undefined);
  }

  /** Whether all of `senders` have said all that a sender says. */
  hasHeard(senders: readonly PartyIndex[]): boolean {
    return this.channels.every((channel) =>
      senders.every((sender) => channel.from(sender) !== undefined),
    );
  }

  /**
   * The values of `senders`, once all of them have come.
   *
   * @throws {ProtocolAbort} Signed bodies cannot be decoded; all their senders are culprits.
   */
  values(senders: readonly PartyIndex[]): readonly Heard<Carried>[] {
    const all = senders.map((from) => this.broadcasts?.value(from));
    const each = senders.map((from) => this.privates?.value(from));
    const unreadable = senders
      .flatMap((from, at) => [
        all[at] === undefined ? this.broadcasts?.shown(from) : undefined,
        each[at] === undefined ? this.privates?.shown(from) : undefined,
      ])
      .filter((envelope) => envelope !== undefined);
    if (unreadable.length > 0) {
      const culprits = [...new Set(unreadable.map(({ from }) => from))];
      throw new ProtocolAbort(`A signed ${this.kind} cannot be decoded`, culprits, unreadable);
    }
    return senders.map((from, at) => ({ from, all: all[at], each: each[at] }));
  }
}

/** The rounds of a protocol by name, in one session. */
export function roundRuns(
  { rounds, kinds }: Protocol<Rounds, string>,
  members: Members,
): ReadonlyMap<string, RoundRun> {
  return new Map(
    Object.entries(rounds).map(([name, round]) => [
      name,
      new RoundRun(round, kinds[name] ?? '', members),
    ]),
  );
}

/** The participants of a named group, or all of them. */
function groupOf({ count, groups }: Members, name: string | undefined): readonly PartyIndex[] {
  if (name === undefined) return Array.from({ length: count }, (_, position) => position + 1);
  const group = groups[name] ?? [];
  const ascends = group.every((member, at) => member > (group[at - 1] ?? 0) && member <= count);
  assert(group.length > 0 && ascends, `${name} is a group of participants`);
  return group;
}
