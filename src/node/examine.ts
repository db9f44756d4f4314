import { statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ClusterError, codeOf, isKeyExposed, wordsOf } from '../common/index.js';
import type { Millis, NodeId } from '../common/index.js';
import { voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { identityPathOf, isInUse, storePathsOf, systemClock } from '../machine/index.js';
import type { Environment } from '../pki/index.js';
import { contextOptions, dialPeer } from '../rpc/index.js';
import { freeBytesOf, lookApart, LOW_BELOW_BYTES, NONE_BELOW_BYTES } from '../store/index.js';
import { AUTHORITY_WARN_MS, CERTIFICATE_WARN_MS, endOf, endOfBundle } from './certificate-watch.js';
import { checkConfig } from './check-config.js';
import type { NodeConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import type { NodeCredentials } from './credentials.js';
import { readTrustedGenesis } from './holdings.js';

/** One part of a node's set-up, and what is so of it. */
export type Finding = {
  readonly what: string;
  /** `warning`: it works, and will not for ever. */
  readonly state: 'right' | 'warning' | 'wrong' | 'not looked at';
  /** No secret is in it. */
  readonly words: string;
  /** The next step for a person, where there is one. */
  readonly advice?: string | undefined;
};

const MIB = 1024 * 1024;

/**
 * Looks at all that a node rests on: its configuration and what that names, modes of files, its stores, its disk, and whether its peers
 * answer it. Nothing is written, and nothing is locked: of a node that runs, its stores are left alone.
 *
 * @param environment - As for a start: a variable that holds the node key is taken out of it.
 */
export async function examineNode(
  config: NodeConfig,
  environment: Environment,
): Promise<readonly Finding[]> {
  const checks = (await checkConfig(config, environment)).map(
    ({ what, state, words, error }): Finding => ({
      what,
      state,
      words,
      advice: state === 'wrong' || state === 'warning' ? adviceOn(what, error) : undefined,
    }),
  );
  const genesis = quietly(() => readTrustedGenesis(config));
  const credentials = genesis && (await credentialsOf(config, genesis));
  return [
    ...checks,
    ...lives(credentials, genesis),
    ...modes(config),
    ...(await stores(config, genesis)),
    room(config.dataDir),
    ...(await peers(config, genesis, credentials)),
    {
      what: 'clock',
      state: 'not looked at',
      words: 'nodes tell their clocks to clients only',
      advice: 'run `quorate doctor` with a client.json too',
    },
  ];
}

const ADVICE: Readonly<Record<string, string>> = {
  cluster_file: 'put back the cluster.json that all nodes have: its hash is the cluster id',
  tls: 'issue a certificate for this node with `quorate certs issue`, and name it in `tls`',
  node_key: 'put back the node key that sealed identity.key: no other opens it',
  peers: 'add the addresses to `peers` of its configuration',
};

function adviceOn(what: string, error: unknown): string | undefined {
  if (error instanceof ClusterError && error.reason === 'KEY_FILE_EXPOSED')
    return 'chmod 600, and think about who had access';
  return ADVICE[what];
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Told by the check of the configuration.
    return undefined;
  }
}

async function credentialsOf(
  { tls, nodeId }: NodeConfig,
  genesis: Genesis,
): Promise<NodeCredentials | undefined> {
  try {
    return await loadCredentials(tls, genesis, nodeId, systemClock.now());
  } catch {
    return undefined;
  }
}

/** Certificates that end soon: each that has ended already is wrong by the checks above. */
function lives(credentials: NodeCredentials | undefined, genesis: Genesis | undefined): Finding[] {
  const nowMs = systemClock.now();
  const life = (what: string, endMs: Millis, warnMs: Millis, advice: string): Finding => {
    const words = `until ${Number.isFinite(endMs) ? new Date(endMs).toISOString() : 'an unknown time'}`;
    if (endMs <= nowMs) return { what, state: 'wrong', words, advice };
    return endMs - nowMs <= warnMs
      ? { what, state: 'warning', words, advice }
      : { what, state: 'right', words };
  };
  const anew = 'issue another one with `quorate certs issue`; SIGHUP takes it while the node runs';
  const ends = 'the cluster ends with it: see "Certificates" in docs/operations.md';
  return [
    ...(credentials
      ? [life('certificate', endOf(credentials.peers.cert), CERTIFICATE_WARN_MS, anew)]
      : []),
    ...(genesis
      ? [
          life('authority of nodes', endOfBundle(genesis.peerCa), AUTHORITY_WARN_MS, ends),
          life(
            'authority of requesters',
            endOfBundle(genesis.requesterCa),
            AUTHORITY_WARN_MS,
            ends,
          ),
        ]
      : []),
  ];
}

/** The data directory and the sealed identity are for the node's user alone. */
function modes({ dataDir }: NodeConfig): Finding[] {
  return [dataDir, identityPathOf(dataDir)].map((path) => {
    const what = 'file modes';
    try {
      const { mode, uid } = statSync(path);
      const octal = (mode & 0o777).toString(8);
      if (!isKeyExposed({ mode, uid }, process.geteuid?.()))
        return { what, state: 'right', words: `${path}: ${octal}` };
      const words = `${path}: others than its owner may read or change it (mode ${octal})`;
      return { what, state: 'wrong', words, advice: 'chmod go=, and think about who had access' };
    } catch (error) {
      const words = `${path}: cannot be looked at (${codeOf(error) || wordsOf(error)})`;
      const advice =
        'run this as the node’s user; a node that has none is made by `quorate node init`';
      return { what, state: 'wrong', words, advice };
    }
  });
}

async function stores(
  { dataDir, nodeId }: NodeConfig,
  genesis: Genesis | undefined,
): Promise<Finding[]> {
  const what = 'store';
  const isRunning = await isInUse(dataDir).catch(() => false);
  if (isRunning)
    return [{ what, state: 'not looked at', words: 'a node runs and has its stores open' }];
  const identityKey = genesis?.members.find((member) => member.nodeId === nodeId)?.identityKey;
  const { logPath, sharesPath } = storePathsOf(dataDir);
  return Promise.all(
    [logPath, sharesPath].map(async (path): Promise<Finding> => {
      try {
        const records = await lookApart(path, identityKey);
        return { what, state: 'right', words: `${path}: opens, ${records} records` };
      } catch (error) {
        const advice =
          'never begin anew under the same identity: see "A node’s disk is lost" in docs/runbook.md';
        return { what, state: 'wrong', words: wordsOf(error), advice };
      }
    }),
  );
}

function room(dataDir: string): Finding {
  const what = 'disk';
  try {
    const free = freeBytesOf(dataDir);
    const words = `${Math.floor(free / MIB)} MiB are free for ${dataDir}`;
    const advice = `make room: below ${LOW_BELOW_BYTES / MIB} MiB a node takes nothing new, below ${NONE_BELOW_BYTES / MIB} MiB no entry`;
    if (free < LOW_BELOW_BYTES) return { what, state: 'wrong', words, advice };
    // A checkpoint of the state needs as much again as the state.
    return free < ROOM_WARN_BYTES
      ? { what, state: 'warning', words, advice }
      : { what, state: 'right', words };
  } catch (error) {
    return { what, state: 'wrong', words: `${dataDir}: ${codeOf(error) || wordsOf(error)}` };
  }
}

/** Less than this is soon less than the margin, with a log that grows until its next checkpoint. */
const ROOM_WARN_BYTES = 256 * MIB;

/** Dials each peer as the node does, and hangs up before it says a word. */
async function peers(
  config: NodeConfig,
  genesis: Genesis | undefined,
  credentials: NodeCredentials | undefined,
): Promise<Finding[]> {
  if (genesis === undefined || credentials === undefined)
    return [
      { what: 'peers dialled', state: 'not looked at', words: 'rests on cluster_file and tls' },
    ];
  const secureContext = createSecureContext(contextOptions(credentials.peers));
  const others = voters(genesis).filter((member) => member !== config.nodeId);
  const dial = async (member: NodeId, address: string): Promise<Finding> => {
    const what = `peer ${member}`;
    const dialled = dialPeer({
      address,
      secureContext,
      isPeer: (server) => server?.name === member,
      isRevoked: () => false,
    });
    try {
      const { session } = await dialled.opened;
      session.destroy();
      return { what, state: 'right', words: `answers at ${address}` };
    } catch (error) {
      const kind = kindOf(error);
      const words = `${address}: ${kind === undefined ? '' : `${kind}: `}${wordsOf(error)}`;
      const advice = `is ${member} running, is this its address, and does a firewall let this machine through?`;
      return { what, state: 'wrong', words, advice };
    }
  };
  return Promise.all(
    others.flatMap((member) => {
      const address = config.peers.get(member);
      return address === undefined ? [] : [dial(member, address)];
    }),
  );
}

function kindOf(error: unknown): string | undefined {
  return error instanceof Error && 'kind' in error && typeof error.kind === 'string'
    ? error.kind
    : undefined;
}
