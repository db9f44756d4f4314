import { wordsOf } from '../common/index.js';
import { voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { systemClock } from '../machine/index.js';
import type { Environment } from '../pki/index.js';
import { endOf } from './certificate-watch.js';
import type { NodeConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { openSigner, readTrustedGenesis } from './holdings.js';

/** One part of what a configuration names, and what is so of it. */
export type ConfigCheck = {
  readonly what: 'cluster_file' | 'tls' | 'node_key' | 'peers';
  /** `warning`: a node starts with it. */
  readonly state: 'right' | 'warning' | 'wrong' | 'not looked at';
  readonly words: string;
  /** Where it is wrong. */
  readonly error?: unknown;
};

/**
 * Judges the files that a configuration names as the start of a node does: genesis, certificate, node key and identity. It
 * takes no lock, opens no store and binds no port, so a node may run with it meanwhile.
 *
 * @param environment - As for a start: a variable that holds the node key is taken out of it.
 */
export async function checkConfig(
  config: NodeConfig,
  environment: Environment,
): Promise<readonly ConfigCheck[]> {
  const { clusterFile, nodeId, tls } = config;
  let genesis: Genesis | undefined;
  const first = await judged('cluster_file', () => {
    genesis = readTrustedGenesis(config);
    return `${clusterFile}: cluster ${genesis.clusterId}, ${genesis.members.length} members`;
  });
  if (genesis === undefined) return [first, ...BESIDE_GENESIS.map(notLookedAt)];
  const trusted = genesis;
  return [
    first,
    await judged('tls', async () => {
      const { peers } = await loadCredentials(tls, trusted, nodeId, systemClock.now());
      return `${tls.cert}: ${nodeId}, until ${new Date(endOf(peers.cert)).toISOString()}`;
    }),
    await judged('node_key', async () => {
      const { keys } = await openSigner(config, trusted, environment);
      keys.key[Symbol.dispose]();
      keys.next?.[Symbol.dispose]();
      return `opens the identity key that cluster_file has of ${nodeId}`;
    }),
    peersIn(config, trusted),
  ];
}

/** Checks that hold something against the genesis. */
const BESIDE_GENESIS = ['tls', 'node_key', 'peers'] as const;

function notLookedAt(what: ConfigCheck['what']): ConfigCheck {
  return { what, state: 'not looked at', words: 'rests on cluster_file' };
}

async function judged(
  what: ConfigCheck['what'],
  look: () => Promise<string> | string,
): Promise<ConfigCheck> {
  try {
    return { what, state: 'right', words: await look() };
  } catch (error) {
    return { what, state: 'wrong', words: wordsOf(error), error };
  }
}

/** A node starts without a peer's address, and waits for that peer to dial it. */
function peersIn({ peers, nodeId }: NodeConfig, genesis: Genesis): ConfigCheck {
  const others = voters(genesis).filter((member) => member !== nodeId);
  const lacking = others.filter((member) => !peers.has(member));
  return lacking.length === 0
    ? { what: 'peers', state: 'right', words: `addresses of ${others.join(', ')}` }
    : { what: 'peers', state: 'warning', words: `no address of ${lacking.join(', ')}` };
}
