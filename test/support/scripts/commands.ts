import type { Message } from '../../../src/raft/index.js';
import { disksAndSnapshots } from './commands-disks.js';
import { filterOf } from './filter.js';
import { forge } from './forge.js';
import type { Command, Stage } from './stage.js';
import { statusLine, timesLine } from './status.js';
import { kindOf, numberOf, wayOf } from './words.js';

const nodesOf = (stage: Stage, words: readonly string[]): Stage['cluster']['nodes'] =>
  words.length === 0 || words[0] === 'all'
    ? stage.cluster.nodes
    : words.flatMap((word) => word.split(',')).map((name) => stage.node(name));

const DELIVERIES_MAX = 10_000;

function takeQueued(stage: Stage, words: readonly string[]): readonly Message[] {
  const matches = filterOf(words);
  const { queue } = stage.cluster;
  stage.cluster.queue = queue.filter((message) => !matches(message));
  return queue.filter(matches);
}

function deliverUntilQuiet(stage: Stage, words: readonly string[]): void {
  const matches = filterOf(words);
  for (let count = 0; count < DELIVERIES_MAX; count++) {
    const at = stage.cluster.queue.findIndex(matches);
    const [message] = at === -1 ? [] : stage.cluster.queue.splice(at, 1);
    if (message === undefined) return;
    stage.deliver(message);
  }
  throw new Error('the cluster does not come to rest');
}

/** All nodes' time passes, and everything is delivered after each tick. */
function run(stage: Stage, ticks: number): void {
  for (let tick = 0; tick < ticks; tick++) {
    stage.cluster.tick(...stage.cluster.nodes);
    for (const node of stage.cluster.nodes) stage.look(node);
    deliverUntilQuiet(stage, []);
  }
}

const ELECTION_TICKS_MAX = 300;

/** What a script can say; `test/scenarios/scripts/README.md` explains each. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  ...disksAndSnapshots,

  campaign: (stage, { plain: [name = ''] }) => {
    const node = stage.node(name);
    const { sent } = stage.cluster;
    const before = sent.length;
    const stands = (): boolean =>
      node.raft.role === 'leader' ||
      sent.slice(before).some(({ type, from }) => type === 'vote-request' && from === node.id);
    for (let tick = 0; tick < ELECTION_TICKS_MAX && !stands(); tick++) stage.cluster.tick(node);
    if (!stands()) throw new Error(`${name} does not stand`);
  },
  elect: (stage, { plain: [name = ''] }) => stage.cluster.elect(stage.node(name)),
  'forget-leader': (stage, { plain }) => {
    for (const node of nodesOf(stage, plain)) stage.cluster.forgetLeader(node);
  },
  tick: (stage, { plain: [names = '', count = '1'] }) => {
    for (let tick = 0; tick < Number(count); tick++)
      stage.cluster.tick(...nodesOf(stage, names.split(',')));
  },
  'tick-heartbeat': (stage, { plain: [name = ''] }) => {
    const { heartbeatTicks } = stage.node(name).raft.timing;
    for (let tick = 0; tick < heartbeatTicks; tick++) stage.cluster.tick(stage.node(name));
  },
  stall: (stage, { plain: [name = '', ticks = '1'] }) => {
    const node = stage.node(name);
    stage.cluster.nowMs += 10 * Number(ticks);
    node.raft.tick(Number(ticks), stage.cluster.clock(node), true);
    stage.cluster.pump();
  },
  run: (stage, { plain: [ticks = '1'] }) => run(stage, Number(ticks)),

  deliver: (stage, { plain }) => {
    for (const message of takeQueued(stage, plain)) stage.deliver(message);
  },
  stabilize: (stage, { plain }) => deliverUntilQuiet(stage, plain),
  drop: (stage, { plain }) => {
    for (const message of takeQueued(stage, plain))
      stage.tell(`dropped ${wayOf(message)} ${kindOf(message)}`);
  },
  copy: (stage, { plain: [name = '', ...rest] }) => {
    const copied = stage.cluster.queue.filter(filterOf(rest));
    stage.copies.set(name, copied);
    stage.tell(`${copied.length} copied`);
  },
  replay: (stage, { plain: [name = ''] }) => {
    const copied = stage.copies.get(name);
    if (copied === undefined) throw new Error(`nothing was copied as ${name}`);
    for (const message of copied) stage.deliver(message);
  },
  misroute: (stage, { plain: [way = '', to = ''] }) => {
    for (const message of takeQueued(stage, [way])) {
      const node = stage.node(to);
      node.raft.step(message, stage.cluster.clock(node));
      stage.cluster.pump();
      stage.tell(`a message of ${way} came to ${to}`);
    }
  },
  forge: (stage, words) => {
    const [way = '', kind = ''] = words.plain;
    stage.deliver(forge(stage, way, kind, words));
  },
  lose: (stage, { plain }) => {
    stage.losses.push(filterOf(plain));
  },
  partition: (stage, { plain: [text = ''] }) => {
    const sides = text.split('|').map((side) => side.split(','));
    const isCut = ({ from, to }: Message): boolean =>
      !sides.some((side) => [from, to].every((id) => side.includes(numberOf(id))));
    stage.losses.push(isCut);
    stage.cluster.queue = stage.cluster.queue.filter((message) => !isCut(message));
  },
  heal: (stage) => {
    stage.losses = [];
  },

  propose: (stage, { plain: [name = '', ...texts] }) => {
    for (const text of texts.flatMap(severalOf)) {
      const taken = stage.cluster.propose(stage.node(name), text);
      if (typeof taken === 'string') stage.tell(`${text}: ${taken}`);
    }
  },
  read: (stage, { plain: [name = '', ...labels] }) => {
    for (const label of labels.flatMap(severalOf)) {
      stage.asking = label;
      const id = stage.cluster.read(stage.node(name));
      stage.asking = undefined;
      stage.nameRead(stage.node(name), id, label);
    }
  },
  'transfer-leader': (stage, { plain: [name = '', target] }) => {
    const node = stage.node(name);
    const refused =
      target !== undefined && Number(target) > stage.cluster.nodes.length
        ? node.raft.transferLeadership(`node-${target}` as typeof node.id)
        : stage.cluster.transfer(node, target === undefined ? undefined : stage.node(target));
    if (refused !== undefined) stage.tell(`refused: ${refused}`);
  },
  'transfer-status': (stage, { plain: [name = ''] }) => {
    const { transferTarget, transferFailed } = stage.node(name).raft;
    const target =
      transferTarget === undefined ? 'none under way' : `to ${numberOf(transferTarget)}`;
    const failed = transferFailed === undefined ? '' : `, the last one failed: ${transferFailed}`;
    stage.tell(target + failed);
  },

  clock: (stage, { plain: [name = '', ms = '0'] }) => {
    stage.node(name).skewMs = Number(ms);
  },
  'pass-time': (stage, { plain: [ms = '0'] }) => {
    stage.cluster.nowMs += Number(ms);
  },
  status: (stage, { plain }) => {
    for (const node of nodesOf(stage, plain)) stage.tell(statusLine(node));
  },
  times: (stage, { plain }) => {
    for (const node of nodesOf(stage, plain)) stage.tell(timesLine(node));
  },
};

/** `a` is one, `a*3` are a1, a2 and a3. */
function severalOf(text: string): readonly string[] {
  const [name = '', count] = text.split('*');
  return count === undefined
    ? [text]
    : Array.from({ length: Number(count) }, (_, at) => `${name}${at + 1}`);
}
