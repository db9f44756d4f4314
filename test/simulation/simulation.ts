import type { NodeId } from '../../src/common/index.js';
import type { Facts, Report } from './checkers/facts.js';
import type { Naming } from './checkers/attempts.js';
import type { SharesOnDisk } from './checkers/key-kept.js';
import { ClaimWatch } from './checkers/claim-watch.js';
import type { GenesisRules } from './checkers/genesis-rules.js';
import type { ReadShare } from './checkers/session-shares.js';
import { Watch } from './checkers/watch.js';
import type { Watcher } from './checkers/watcher.js';
import { isMendable } from './mendable.js';
import { Cluster, nodeNames } from './cluster.js';
import type { Counts } from './counts.js';
import type { Process, StartProcess } from './process.js';
import { Trace } from './trace.js';
import {
  describeFaultRates,
  drawFaultRates,
  withStaleImages,
  type Profile,
  type FaultRates,
} from './fault-rates.js';
import type { Workload } from './workload.js';
import type { Chances } from './chances.js';
import { World } from './world.js';

/** A broken invariant. */
export type Violation = {
  readonly seed: number;
  readonly checker: string;
  readonly atMs: number;
  readonly detail: string;
};

/** One seed's run. */
export type Result = {
  readonly seed: number;
  readonly counts: Counts;
  readonly violations: readonly Violation[];
  /** By the names of `coverage.ts`: how often each came up. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Of everything that happened. */
  readonly digest: string;
};

/** What runs on the machines and what is asked of them. */
export type Scenario<P extends Process> = {
  readonly start: StartProcess<P>;
  readonly workload: Workload<P>;
  readonly naming: Naming;
  readonly genesisRules: GenesisRules;
  /** Reads a signature share that was made in a session. */
  readonly readShare: ReadShare;
  /** The phase with faults lasts so much longer than drawn. */
  readonly lasts: number;
  shares(cluster: () => Cluster<P>): SharesOnDisk;
};

/** Builds the scenario of a seed, once its world is there. */
export type MakeScenario<P extends Process> = (setting: {
  readonly seed: number;
  readonly world: World;
  readonly rates: FaultRates;
  readonly nodes: readonly NodeId[];
  report: Report;
  watch(): Watcher;
  cluster(): Cluster<P>;
}) => Scenario<P>;

/**
 * A node on an old disk has forgotten votes and entries, which nothing here survives (`docs/operations.md`). But nonces are
 * in no image of a disk, and a share needs an entry that is committed and a request that lives.
 */
const HOLDS_ON_OLD_DISKS: ReadonlySet<string> = new Set([
  'SingleUse',
  'ReleasedShare',
  'Answer',
  'LostLog',
]);

export type RunOptions = {
  readonly profile?: Profile;
  /** Old disks come back, and only what is claimed even then is checked. */
  readonly staleImages?: boolean;
  /** What the seed's rates become. */
  readonly altered?: (rates: FaultRates) => FaultRates;
  readonly print?: ((line: string) => void) | undefined;
  /** Where the run's chances come from. */
  readonly chances?: Chances | undefined;
  /** The run may end here: what it has shown by then is enough. */
  readonly untilMs?: number | undefined;
};

/** One seed stops after this many violations: what follows the first is mostly its shadow. */
const VIOLATIONS_MAX = 5;
/** How long what was under way may still change logs when the faults are over. */
const UNTOLD_MS = 3_000;
/** How long a mended cluster may take to follow one leader: ten election timeouts, and reconnecting before. */
const ELECTION_MS = 7_000;
/** How long a mended cluster may take to settle. A key generation's last attempt may have to run out. */
const SETTLE_MS = 700_000;
/** How long all nodes of a mended cluster may take until they have applied the same. */
const AGREE_MS = 60_000;
/** How often somebody looks whether it has. */
const SETTLE_LOOK_MS = 100;

/** Runs `seed` from its first boot to the end: a phase of faults, then a phase without faults in which everything must come to an end. */
export async function simulate<P extends Process>(
  seed: number,
  make: MakeScenario<P>,
  options: RunOptions = {},
): Promise<Result> {
  const { profile = 'faults', staleImages = false, altered = (rates) => rates, print } = options;
  const drawn = altered(drawFaultRates(seed, profile));
  const rates = staleImages ? withStaleImages(drawn) : drawn;
  print?.(describeFaultRates(seed, rates));
  const world = new World(new Trace(print), options.chances);
  const violations: Violation[] = [];
  const report: Report = (checker, detail) => {
    if (staleImages && !HOLDS_ON_OLD_DISKS.has(checker)) return;
    const atMs = Math.round(world.now());
    world.trace.event(world.now(), 'checker', `${checker}: ${detail}`);
    if (violations.length < VIOLATIONS_MAX) violations.push({ seed, checker, atMs, detail });
  };
  const nodes = nodeNames(rates.nodes);
  const setting = {
    seed,
    world,
    rates,
    nodes,
    report,
    watch: (): Watcher => watch,
    cluster: (): Cluster<P> => cluster,
  };
  const scenario = make(setting);
  const honest = nodes.filter((node) => node !== rates.liar);
  const facts = factsOf(honest, () => cluster);
  const shares = scenario.shares(() => cluster);
  const { naming, readShare, genesisRules } = scenario;
  const { counts } = world;
  const now = (): number => world.now();
  const parts = { facts, naming, shares, readShare, counts, report, now };
  const watch: Watcher =
    rates.liar === undefined ? new Watch(parts) : new ClaimWatch({ ...parts, genesisRules });
  const cluster = new Cluster<P>({ seed, world, rates, watch, start: scenario.start });
  const { workload } = scenario;

  const settle = async (): Promise<void> => {
    const [agreeMs, untilMs] = [world.now() + AGREE_MS, world.now() + SETTLE_MS];
    let [settled, agreed] = [false, false];
    const look = (): void => {
      const isSame = sameState(facts);
      agreed ||= isSame;
      settled = isSame && workload.settled();
      if (!agreed && world.now() >= agreeMs)
        report('Liveness', `no one state: ${workload.describe()}`);
      else if (!settled) world.after(SETTLE_LOOK_MS, 'look', look);
    };
    world.after(0, 'look', look);
    const done = (): boolean => settled || broken();
    if (!(await world.run(untilMs, done))) report('Liveness', workload.describe());
  };
  const { untilMs = Infinity } = options;
  const broken = (): boolean => violations.length > 0 || world.now() >= untilMs;
  const end = (): Result => {
    world.counts.elapsedVirtualMs = Math.round(world.now());
    const coverage = Object.fromEntries(world.coverage);
    const digest = world.trace.digest();
    return { seed, counts: world.counts, violations, coverage, digest };
  };
  const stray = (error: unknown): void => report('stray', String(error));
  process.on('unhandledRejection', stray);
  try {
    for (const machine of cluster.machines) machine.boot();
    cluster.faults.start();
    workload.start(cluster);
    await world.run(rates.faultsMs * scenario.lasts, broken);
    workload.stop();
    cluster.retireLiar();
    if (!broken()) cluster.faults.stop();
    // What a malicious leader has told two nodes, no later leader can untell: then the cluster has stopped for good.
    await world.run(world.now() + UNTOLD_MS, broken);
    if (staleImages) return end();
    if (rates.liar !== undefined && !isMendable(facts)) {
      world.counts.stoppedClusters++;
      await world.run(world.now() + ELECTION_MS, broken);
      if (!broken()) await watch.keys.proveAll();
      return end();
    }
    if (!(await world.run(world.now() + ELECTION_MS, () => broken() || isLed(facts)))) {
      report('Liveness', `nobody leads: ${workload.describe()}`);
    }
    await settle();
    if (!broken()) workload.conclude();
    await settle();
    if (!broken()) workload.audit();
    const followsInMs = watch.followsInMs();
    if (followsInMs > 0) await world.run(world.now() + followsInMs, broken);
    if (!broken()) watch.concluded();
    if (!broken()) await watch.keys.proveAll();
  } catch (error) {
    report('exception', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    process.off('unhandledRejection', stray);
  }
  return end();
}

/** Claims that all nodes know one leader of one term. */
function isLed(facts: Facts): boolean {
  const statuses = facts.nodes.map((node) => facts.status(node));
  const [first] = statuses;
  return statuses.every((each) => {
    return each?.leader !== undefined && each.leader === first?.leader && each.term === first.term;
  });
}

/** Claims that all nodes run, have applied the same, and have it on disk. An entry without writes may be on disk later. */
function sameState(facts: Facts): boolean {
  const [first] = facts.nodes;
  if (first === undefined) return true;
  const { stateHash } = facts.disk(first);
  const applied = facts.status(first)?.applied;
  return facts.nodes.every((node) => {
    const here = facts.status(node);
    const done = here !== undefined && here.applied === applied && here.commit === applied;
    return done && facts.disk(node).stateHash === stateHash;
  });
}

function factsOf<P extends Process>(nodes: readonly NodeId[], cluster: () => Cluster<P>): Facts {
  const machineOf = (node: NodeId): Cluster<P>['machines'][number] => {
    const machine = cluster().machine(node);
    if (machine === undefined) throw new Error(`no machine ${node}`);
    return machine;
  };
  return {
    nodes,
    disk: (node) => machineOf(node).consensus,
    status: (node) => machineOf(node).process?.status(),
    clock: (node) => machineOf(node).clock.now(),
  };
}
