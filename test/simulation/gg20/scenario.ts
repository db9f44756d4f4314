import type { NodeId } from '../../../src/common/index.js';
import type { Gg20Tables } from '../../../src/gg20/index.js';
import type { Compute, Network } from '../../../src/ports/index.js';
import type { LifePorts } from '../process.js';
import { Rng } from '../rng.js';
import type { MakeScenario } from '../simulation.js';
import type { Tenant } from '../tenant.js';
import { wholeNodesWith, type NodeProcess } from '../whole-nodes.js';
import { FalseProofs } from './false-proofs.js';
import { Gg20Liar, type LiarParts } from './liar.js';
import { PrimesOfNode } from './primes.js';
import { GG20_KEYS } from './requests.js';
import { readGg20Share, simulatedGg20, withSmallGg20, withSmallVerifiers } from './tables.js';

/** The first key waits for a preparation, which faults may have begin anew. */
const LASTS = 1.6;
/** Mean time until a prime is found. */
const PRIME_MS = 150;
/** Mean time that a job takes: the bounds of what a seed draws. */
const JOB_MS: readonly [number, number] = [0.2, 40];

/** How a malicious signer differs from an honest one: in what it says, and in what it computes. */
export type SigningLiar = {
  over(network: Network): Network;
  working?(usual: Compute): Compute;
};

export type Gg20Options = {
  /** Presignatures that nodes keep of each key, made ahead. */
  readonly presignatures?: number;
  readonly makeLiar?: (parts: LiarParts) => SigningLiar;
};

/**
 * Whole nodes whose clients ask for threshold ECDSA keys, in the parameter set that only tests have. Where the seed has a malicious node,
 * that lies in the messages of GG20.
 */
export function gg20Nodes(options: Gg20Options = {}): MakeScenario<NodeProcess> {
  return wholeNodesWith((setting) => gg20Tenant(setting, options));
}

/** What such nodes have and do that others do not. */
export function gg20Tenant(
  { seed, nodes, rates, world, report }: Parameters<MakeScenario<NodeProcess>>[0],
  { presignatures, makeLiar = (parts) => new Gg20Liar(parts) }: Gg20Options,
): Tenant {
  const rng = new Rng(seed, 'gg20');
  const jobMs = rng.logBetween(...JOB_MS);
  const primes = new Map(nodes.map((node, at) => [node, new PrimesOfNode(at + 1)]));
  const falseProofs = new FalseProofs(report);
  // Each node, and the checkers, remember numbers of their own.
  const gg20Of = new Map<NodeId | undefined, Gg20Tables>();
  const lies = new Rng(seed, 'gg20 lies');
  let liar: SigningLiar | undefined;
  return {
    keys: GG20_KEYS,
    lasts: LASTS,
    presignatures,
    readShare: readGg20Share,
    tables({ schemes, verifiers }, node) {
      const gg20 = gg20Of.get(node) ?? simulatedGg20();
      gg20Of.set(node, gg20);
      return { schemes: withSmallGg20(schemes), verifiers: withSmallVerifiers(verifiers), gg20 };
    },
    primes(node, { boot, clock }) {
      const own = primes.get(node) ?? new PrimesOfNode(nodes.length);
      return own.port(clock, new Rng(seed, `primes ${node} ${boot}`), PRIME_MS);
    },
    compute(node, ports, usual) {
      const own = node === rates.liar ? (liar?.working?.(usual) ?? usual) : usual;
      return busy(own, ports, new Rng(seed, `jobs ${node} ${ports.boot}`), jobMs);
    },
    doors(signer, ports, { clusterId }) {
      const { node } = signer;
      const { network } = ports;
      if (node !== rates.liar) return { ...ports, network: falseProofs.watching(node, network) };
      liar = makeLiar({
        signer,
        clusterId,
        peers: nodes.filter((each) => each !== node),
        rng: lies,
        only: rates.lies.only,
        toldFalse: (session, kind, to) => falseProofs.sent(session, kind, to),
        told: (lie) => {
          world.counts.lies++;
          world.trace.event(world.now(), 'liar', lie);
        },
      });
      return { ...ports, network: liar.over(network) };
    },
  };
}

/** GG20's jobs take a while, by the node's own clock, so that everything can happen meanwhile. */
export function busy(usual: Compute, { clock }: LifePorts, rng: Rng, meanMs: number): Compute {
  return {
    async run(job, input) {
      const output = await usual.run(job, input);
      if (job.name.startsWith('gg20/')) {
        await new Promise<void>((resolve) => {
          clock.after(rng.exponential(meanMs), resolve);
        });
      }
      return output;
    },
    idle: () => usual.idle(),
  };
}
