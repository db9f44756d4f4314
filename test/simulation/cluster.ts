import { nodeId, type NodeId } from '../../src/common/index.js';
import { decode, decodeTaskMessage, RaftMessage } from '../../src/wire/index.js';
import type { Watcher } from './checkers/watcher.js';
import { Faults } from './faults.js';
import { Machine, machineOf, type MachineEvents } from './machine.js';
import { passing } from './coverage.js';
import { SimulatedNetwork, type About } from './network.js';
import type { Process, StartProcess } from './process.js';
import type { FaultRates } from './fault-rates.js';
import type { Owner, World } from './world.js';

/** The names of a cluster of `count` nodes. */
export function nodeNames(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => nodeId(`node-${at + 1}`));
}

/** Machines, the network between them, what goes wrong with them, and who watches. */
export class Cluster<P extends Process> {
  readonly machines: readonly Machine<P>[];
  readonly faults: Faults<P>;
  readonly #network: SimulatedNetwork<P>;
  readonly #world: World;
  readonly #watch: Watcher;
  readonly #liar: NodeId | undefined;

  constructor(parts: {
    readonly seed: number;
    readonly world: World;
    readonly rates: FaultRates;
    readonly watch: Watcher;
    readonly start: StartProcess<P>;
  }) {
    const { seed, world, rates, watch, start } = parts;
    this.#world = world;
    this.#watch = watch;
    this.#liar = rates.liar;
    const events = this.#events();
    this.machines = nodeNames(rates.nodes).map(
      (id) => new Machine<P>(id, { world, rates, seed, start, events }),
    );
    const disks = this.machines.map(({ consensus }) => consensus);
    for (const disk of disks) disk.others = disks.filter((other) => other !== disk);
    this.#network = new SimulatedNetwork<P>(
      world,
      this.machines,
      rates,
      world.rng(seed, 'network'),
      (to, from, term, status) => {
        if (to !== this.#liar) watch.transfers.heard(to, from, term, status);
      },
    );
    this.faults = new Faults<P>({
      world,
      rates,
      rng: world.rng(seed, 'faults'),
      transferRng: world.rng(seed, 'transfers'),
      machines: this.machines,
      network: this.#network,
      leader: () => watch.newestLeader(),
    });
    world.afterEvent = (owner) => this.#lookAt(owner);
  }

  /** The machines whose nodes are as the project made them. */
  get honest(): readonly Machine<P>[] {
    return this.machines.filter(({ id }) => id !== this.#liar);
  }

  /** The malicious node is found out and taken away. */
  retireLiar(): void {
    for (const machine of this.machines) {
      if (machine.id !== this.#liar) continue;
      machine.retired = true;
      machine.crash();
    }
  }

  machine(id: NodeId): Machine<P> | undefined {
    return this.machines.find((machine) => machine.id === id);
  }

  /** Looks at a node that something outside of its own events has touched. */
  look(machine: Machine<P>): void {
    const { life } = machine;
    if (life?.doomed === true) {
      machine.crash();
      return;
    }
    if (life?.diskFailed === true) {
      if (!life.ended) {
        this.#watch.report('DiskFailure', `${machine.id} goes on after a failed write`);
      }
      machine.crash();
      return;
    }
    const status = life?.process?.status();
    if (status === undefined || machine.id === this.#liar) return;
    const elected = this.#watch.status(machine.id, status);
    if (!elected) return;
    this.#world.counts.leaderChanges++;
    this.faults.elected(machine.id);
  }

  #lookAt(owner: Owner | undefined): Promise<void> | undefined {
    const machine = machineOf<P>(owner);
    if (machine !== undefined) this.look(machine);
    return this.#watch.keys.unproved ? this.#watch.keys.prove() : undefined;
  }

  #events(): MachineEvents<P> {
    return {
      running: (machine) => {
        if (machine.lives > 1) this.#world.counts.restarts++;
        if (machine.id !== this.#liar) this.#watch.restarted(machine.id);
        this.#network.running(machine);
      },
      died: (machine, life) => {
        this.#network.died(life);
        this.faults.died(machine);
      },
      send: (life, to, channel, bytes) => {
        const { machine } = life;
        if (machine.id === this.#liar) {
          this.#network.send(life, to, channel, bytes);
          return;
        }
        if (channel === 'raft') {
          const message = decode(RaftMessage, bytes);
          if (message === undefined) this.#watch.report('wire', 'a message that does not decode');
          else {
            const status = life.process?.status();
            this.#watch.sentRaft(machine.id, message);
            const said = message.message;
            const granted =
              said?.$case === 'voteReply' && said.value.granted && !said.value.preVote;
            if (granted) this.faults.voteGranted(machine);
            if (said?.$case === 'voteRequest' && !said.value.preVote) {
              this.faults.askedForVotes(machine);
            }
            const about = { delicate: delicateOf(message), passing: passing(message, status) };
            this.#network.send(life, to, channel, bytes, about);
            return;
          }
        } else {
          const message = decodeTaskMessage(bytes);
          if (message === undefined) this.#watch.report('wire', 'a message that does not decode');
          else this.#watch.sentTaskMessage(machine.id, message);
        }
        this.#network.send(life, to, channel, bytes);
      },
      persisted: (machine, batch) => {
        if (machine.id === this.#liar) return;
        this.#watch.persisted(machine.id, batch);
        const vote = batch.hardState?.votedFor;
        if (!machine.life?.gone)
          this.faults.durable(machine, vote !== undefined && vote !== machine.id);
      },
      shareKept: (machine, key) => {
        if (machine.id !== this.#liar) this.#watch.shareKept(machine.id, key);
      },
      shareErased: (machine, key, session) => {
        if (machine.id !== this.#liar) this.#watch.shareErased(machine.id, key, session);
      },
      alarm: (machine, message, fields) => {
        if (machine.id !== this.#liar) this.#watch.alarm(machine.id, message, fields);
      },
      remarked: (machine, remark, fields) => {
        if (machine.id !== this.#liar) this.#watch.remarked(machine.id, remark, fields);
      },
      // What a malicious node does to itself is its own affair.
      violation: (machine, checker, detail) => {
        if (machine.id !== this.#liar) this.#watch.report(checker, detail);
      },
    };
  }
}

function delicateOf({ message }: RaftMessage): About['delicate'] {
  if (message?.$case === 'voteRequest' || message?.$case === 'voteReply') return 'vote';
  return message?.$case === 'appendReply' ? 'acknowledgement' : undefined;
}
