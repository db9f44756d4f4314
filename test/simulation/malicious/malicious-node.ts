import type { Genesis } from '../../../src/identity/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { voters } from '../../../src/identity/index.js';
import type { Replica } from '../../../src/node/replica.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Message } from '../../../src/raft/index.js';
import { Liar } from '../../support/adversary/liar.js';
import { signsFor } from '../../support/adversary/signed-words.js';
import type { LifePorts, Process } from '../process.js';
import type { Rng } from '../rng.js';
import type { LieRates } from '../fault-rates.js';
import { Observed } from './observed.js';
import type { LiesOfLives } from './life-lies.js';
import { LastReady } from './last-ready.js';
import { falseLeader, MaliciousLeader } from './malicious-leader.js';
import { MessageForger } from './message-forger.js';

const WORK_EVERY_MS = 20;

export type MaliciousNodeParts = {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly ports: LifePorts;
  readonly lies: LieRates;
  readonly rng: Rng;
  /** It lies about keys' next versions and their end, too. */
  readonly lives: LiesOfLives | undefined;
  /** A stream of its own, for words that another node is to lead. */
  readonly wordRng: Rng;
  /** An honest replica of this node, whose words the liar may alter. */
  startBeneath(network: LifePorts['network']): Promise<Replica>;
  /** Told of every lie, by name. */
  told(lie: string): void;
};

/** A malicious node: a {@link Liar} that speaks for a real replica, and lies at rates that the seed has drawn. */
export async function startMaliciousNode(parts: MaliciousNodeParts): Promise<Process> {
  const { genesis, signer, ports, lives, rng, wordRng } = parts;
  const isOneLog = lives?.forks === false;
  const lieNow = (): boolean => lives?.begun() ?? true;
  const lies = isOneLog ? withoutForks(parts.lies) : parts.lies;
  const { clock } = ports;
  const self = signer.node;
  const observed = new Observed();
  observed.connected(self, ports.boot);
  const liar = new Liar({
    self,
    voters: voters(genesis),
    genesis: { payload: genesis.bytes, timeMs: genesis.createdMs },
    network: ports.network,
    clock,
    random: ports.random,
    signs: signsFor(signer, genesis.clusterId),
  });
  const replica = await parts.startBeneath(liar.networkBeneath);
  const told = (lie: string): void => parts.told(lie);
  const { clusterId } = genesis;
  const leader = new MaliciousLeader({
    liar,
    rng,
    observed,
    signer,
    genesis,
    clock,
    lives,
    state: () => replica.local(),
    told,
  });
  const forger = new MessageForger({ signer, clusterId, rng, observed, rate: lies.speaks, told });
  const lastReady = new LastReady({ signer, clusterId, rng, told });
  liar.beneath = replica;
  liar.onHearing = (from, message) => observed.hear(from, message);
  liar.onLeading = () => leader.beginTerm();
  liar.onSpeaking = (to, message) => {
    // The replica gives its own commitments and facts to itself, where the liar does not hear them.
    observed.hear(self, message);
    if (!lieNow()) return [message];
    return lies.only === 'statements' ? lastReady.instead(message) : forger.instead(to, message);
  };
  liar.onSaying = (message) => falseWord(message, liar, lies, rng, told);
  liar.readIndex = () => (rng.chance(0.5) ? undefined : rng.int(liar.log.length + 3));

  let stopped = false;
  const often = (everyMs: number | undefined, run: () => void, by = rng): void => {
    if (everyMs === undefined) return;
    clock.after(by.exponential(everyMs), () => {
      if (stopped) return;
      run();
      often(everyMs, run, by);
    });
  };
  often(WORK_EVERY_MS, () => {
    if (liar.leads) leader.work();
  });
  often(lies.everyMs, () => {
    if (!lieNow()) return;
    if (liar.leads) leader.lie();
    else if (!isOneLog && rng.chance(0.2)) {
      told('leader’s message without leading');
      falseLeader(liar, rng, rng.pick(liar.peers));
    }
  });
  often(isOneLog ? undefined : lies.everyMs, () => {
    told('acknowledgement of any log, in any term');
    liar.say(falseAcknowledgement(liar, rng, rng.pick(liar.peers)));
  });
  const nameAnother = (): void => {
    told('word that another node is to lead');
    for (const message of falseWords(liar, wordRng)) liar.say(message);
  };
  often(lies.everyMs && 4 * lies.everyMs, nameAnother, wordRng);
  often(lies.standEveryMs, () => liar.stand());
  often(lies.leadUnelectedEveryMs, () => {
    told('leader without an election');
    liar.leadUnelected();
  });
  liar.start();
  return {
    receive: (from, channel, bytes) => liar.receive(from, channel, bytes),
    connected: (peer, boot) => {
      observed.connected(peer, boot);
      replica.connected(peer, boot);
    },
    disconnected: (peer) => replica.disconnected(peer),
    status: () => ({ term: 0, leader: undefined, commit: 0, applied: 0 }),
    stop: () => {
      stopped = true;
      liar.stop();
      return replica.stop();
    },
  };
}

function withoutForks(lies: LieRates): LieRates {
  return { ...lies, leadUnelectedEveryMs: undefined, votes: 0, acknowledgements: 0 };
}

/** What a follower says instead of the truth: votes for everybody, entries that it does not have, another time. */
function falseWord(
  message: Message,
  liar: Liar,
  lies: LieRates,
  rng: Rng,
  told: (lie: string) => void,
): readonly Message[] {
  const clocked = 'clockMs' in message ? withClock(message, lies) : message;
  if (message.type === 'vote-reply' && !message.granted && rng.chance(lies.votes)) {
    told('second vote in a term');
    return [{ ...clocked, granted: true } as Message];
  }
  if (message.type === 'append-reply' && rng.chance(lies.acknowledgements)) {
    told('acknowledgement of what it does not have');
    const match = liar.log.length + rng.int(3);
    return [{ ...clocked, answer: { refused: undefined, match } } as Message];
  }
  if (message.type === 'acknowledgement' && rng.chance(lies.acknowledgements)) {
    told('acknowledgement of what it does not have');
    return [falseAcknowledgement(liar, rng, message.to)];
  }
  return [clocked];
}

/** A word about a log that the receiver may have, and the liar has only in memory, or about none. */
function falseAcknowledgement(liar: Liar, rng: Rng, to: NodeId): Message {
  const log = liar.leads ? liar.sentLogOf(to) : liar.log;
  const index = 1 + rng.int(log.length + 2);
  return {
    type: 'acknowledgement',
    from: liar.self,
    to,
    term: Math.max(1, liar.term - 1 + rng.int(3)),
    index,
    hash: rng.chance(0.8) ? log.hashAt(index) : rng.bytes(32),
    clockMs: 0,
    incarnation: 1,
    boot: rng.bytes(16),
    order: 0,
    signature: new Uint8Array(64),
  };
}

/** To one node or all, with or without leading: that one of them, or the liar itself, is to lead the next term. */
function falseWords(liar: Liar, rng: Rng): Message[] {
  const log = liar.leads ? liar.sentLogOf(rng.pick(liar.peers)) : liar.log;
  const term = Math.max(1, liar.term - rng.int(2));
  const target = rng.chance(0.7) ? rng.pick(liar.peers) : liar.self;
  const lastIndex = Math.max(1, log.length - rng.int(2));
  const receivers = rng.chance(0.5) ? [rng.pick(liar.peers)] : liar.peers;
  const last = { lastIndex, lastTerm: term };
  const from = liar.self;
  return receivers.map((to) => ({ type: 'timeout-now', from, to, term, target, ...last }));
}

function withClock<M extends Message & { readonly clockMs: number }>(
  message: M,
  lies: LieRates,
): M {
  return { ...message, clockMs: Math.max(0, Math.round(message.clockMs + lies.clockMs)) };
}
