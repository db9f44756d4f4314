import type { NodeId } from '../../../src/common/index.js';
import type { Gg20Tables } from '../../../src/gg20/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import type { FaultRates } from '../fault-rates.js';
import { FROST_KEYS } from '../requests.js';
import { Rng } from '../rng.js';
import { simulate, type MakeScenario, type Result } from '../simulation.js';
import type { Tables, Tenant } from '../tenant.js';
import { wholeNodesWith, type NodeProcess } from '../whole-nodes.js';
import { GG20_KEYS } from '../gg20/requests.js';
import { busy } from '../gg20/scenario.js';
import { SimulatedOperator } from '../key-lives/operator.js';
import { PrimesOfNode } from '../gg20/primes.js';
import { readGg20Share, simulatedGg20, withSmallGg20, withSmallVerifiers } from '../gg20/tables.js';
import { CrashingNode, type CrashPoint, type Step } from './crashing-node.js';
import { watchedErasures } from './erasure-rule.js';
import { Script, type Phase } from './script.js';
import type { CrashWorld } from './worlds.js';

/** A step, and what the cluster was doing. */
export type SeenStep = Step & { readonly phase: Phase };

export type Run = Result & {
  /** Of the world's phases, in the order in which they came. */
  readonly steps: readonly SeenStep[];
};

/** The script begins as soon as a leader is there. */
const NO_FAULTS = 0.001;
/** Mean time until a prime is found. */
const PRIME_MS = 40;
/** Mean time that a job of GG20 takes. */
const JOB_MS = 2;
/** How long a node is down: it is back at once, after an election, or after more than a hedge. */
const DOWN_MS: readonly number[] = [0, 900, 4_000];

/**
 * Runs a world to its end, with a crash where `point` says, or without one.
 *
 * @param seed - Of what a world leaves to chance; each has other steps.
 * @param downMs - How long the node is down.
 * @param print - As for `simulate`.
 */
export async function runWorld(
  world: CrashWorld,
  seed: number,
  point?: CrashPoint,
  downMs = 0,
  print?: (line: string) => void,
): Promise<Run> {
  const steps: SeenStep[] = [];
  const scenario = scenarioOf(world, point, downMs, (step) => steps.push(step));
  const altered = (rates: FaultRates): FaultRates => ({
    ...rates,
    nodes: world.nodes,
    realCurve: true,
  });
  const result = await simulate(seed, scenario, { profile: 'calm', altered, print });
  const isReached = point === undefined || result.counts.crashPoints === 1;
  const missed = { seed, checker: 'Point', atMs: 0, detail: 'the run never came to its step' };
  const { violations } = result;
  return { ...result, violations: isReached ? violations : [...violations, missed], steps };
}

export function downMsOf(number: number): number {
  return DOWN_MS[number % DOWN_MS.length] ?? 0;
}

function scenarioOf(
  crashWorld: CrashWorld,
  point: CrashPoint | undefined,
  downMs: number,
  told: (step: SeenStep) => void,
): MakeScenario<NodeProcess> {
  const { algorithm, phases } = crashWorld;
  const isGg20 = algorithm === Algorithm.GG20_SECP256K1;
  return (setting) => {
    const { seed, world, nodes, report } = setting;
    let script: Script | undefined;
    const operator = new SimulatedOperator(new Rng(seed, 'operator'));
    const gg20Of = new Map<NodeId | undefined, Gg20Tables>();
    const primes = new Map(nodes.map((node, at) => [node, new PrimesOfNode(at + 1)]));
    const crash = (node: NodeId): void => {
      const machine = setting.cluster().machine(node);
      if (machine === undefined) return;
      world.counts.crashPoints++;
      machine.retired = downMs > 0;
      machine.crash();
      world.after(downMs, `${node} comes back`, () => {
        machine.retired = false;
        machine.boot();
      });
    };
    const nodesAt = new Map(
      nodes.map((node) => [
        node,
        new CrashingNode({
          node,
          point,
          crash: () => crash(node),
          next: (run) => world.after(0, 'crash in a write', run),
          isCounted: () => script?.phase !== undefined && phases.includes(script.phase),
          told: (step) => {
            world.trace.event(world.now(), node, `step: ${step.name}`);
            if (script?.phase !== undefined) told({ ...step, phase: script.phase });
          },
        }),
      ]),
    );
    let verifiers: Tables['verifiers'] | undefined;
    const tenant: Tenant = {
      requesterCa: operator.pem,
      lasts: NO_FAULTS,
      presignatures: crashWorld.presignatures,
      ...(isGg20 && { readShare: readGg20Share }),
      tables(usual, node) {
        const gg20 = gg20Of.get(node) ?? simulatedGg20();
        gg20Of.set(node, gg20);
        const tables = isGg20
          ? {
              schemes: withSmallGg20(usual.schemes),
              verifiers: withSmallVerifiers(usual.verifiers),
              gg20,
            }
          : usual;
        verifiers ??= tables.verifiers;
        return tables;
      },
      primes: (node, { boot, clock }) =>
        (primes.get(node) ?? new PrimesOfNode(nodes.length)).port(
          clock,
          new Rng(seed, `primes ${node} ${boot}`),
          PRIME_MS,
        ),
      compute: (node, ports, usual) =>
        isGg20 ? busy(usual, ports, new Rng(seed, `jobs ${node} ${ports.boot}`), JOB_MS) : usual,
      doors({ node }, ports) {
        const state = () => setting.cluster().machine(node)?.process?.replica.local();
        const shares = watchedErasures(node, ports.shares, state, report);
        return nodesAt.get(node)?.doors({ ...ports, shares }) ?? ports;
      },
    };
    const made = wholeNodesWith(() => tenant)(setting);
    script = new Script({
      world,
      report,
      operator,
      algorithm,
      keys: isGg20 ? GG20_KEYS : FROST_KEYS,
      verifiers: verifiers ?? fail(),
      play: (own) => crashWorld.play(own),
    });
    return { ...made, workload: script };
  };
}

function fail(): never {
  throw new Error('the nodes have tables');
}
