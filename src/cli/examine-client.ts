import { readFileSync, statSync } from 'node:fs';
import { isKeyExposed, wordsOf } from '../common/index.js';
import { examineCredentials, optionsFrom, parseGenesis, QuorateError } from '../client/index.js';
import type { Connection, Genesis } from '../client/index.js';
import type { Finding } from '../node/index.js';
import { DiskRoom } from '../wire/index.js';
import type { CommandContext } from './command-context.js';
import { findConnection } from './connection.js';
import type { ConnectionFlags } from './connection.js';
import { askEachEndpoint, problemOf } from './each-endpoint.js';
import type { EndpointAnswer } from './each-endpoint.js';
import { clocksOf, CLOCK_MS, certificateWarnings, quorumFault } from './format/members.js';
import { ownCertificateWarnings } from './format/own-certificates.js';
import { duration } from './format/values.js';

/** Looks at all that a client rests on: its settings, files and certificate, each endpoint, and the clocks and state of the nodes. */
export async function examineClient(
  flags: ConnectionFlags,
  context: CommandContext,
): Promise<readonly Finding[]> {
  let connection: Connection;
  try {
    connection = findConnection(flags, context);
  } catch (error) {
    const advice = `name the cluster with --client-file, --context, or QUORATE_CLIENT_FILE`;
    return [{ what: 'settings', state: 'wrong', words: wordsOf(error), advice }];
  }
  const { endpoints, key, clusterFile } = connection;
  const settings: Finding = {
    what: 'settings',
    state: 'right',
    words: `${endpoints.length} endpoints, certificate ${connection.cert}`,
  };
  const genesis = genesisIn(clusterFile);
  const own = [settings, keyMode(key), genesis.finding, ...certificate(connection, genesis.value)];
  if (own.some(({ state }) => state === 'wrong')) {
    const words = 'rests on the client’s own files';
    return [...own, { what: 'endpoints', state: 'not looked at', words }];
  }
  const answers = await askEachEndpoint(flags, context);
  return [
    ...own,
    ...answers.map((answer) => endpoint(answer, genesis.value)),
    ...clocks(answers),
    ...ofNodes(answers),
  ];
}

function keyMode(path: string): Finding {
  const what = 'file modes';
  const { mode, uid } = statSync(path);
  const octal = (mode & 0o777).toString(8);
  if (!isKeyExposed({ mode, uid }, process.geteuid?.()))
    return { what, state: 'right', words: `${path}: ${octal}` };
  const words = `${path}: others than its owner may read or change it (mode ${octal})`;
  return { what, state: 'wrong', words, advice: 'chmod 600, and think about who had access' };
}

function genesisIn(path: string): { readonly finding: Finding; readonly value?: Genesis } {
  const what = 'cluster file';
  try {
    const value = parseGenesis(new Uint8Array(readFileSync(path)));
    return {
      finding: { what, state: 'right', words: `${path}: cluster ${value.clusterId}` },
      value,
    };
  } catch (error) {
    const advice = 'get the cluster.json of the cluster from one of its operators';
    return { finding: { what, state: 'wrong', words: `${path}: ${wordsOf(error)}`, advice } };
  }
}

/** Chain, name and life of the client's certificate, and of the authorities. */
function certificate(connection: Connection, genesis: Genesis | undefined): Finding[] {
  const what = 'certificate';
  const advice = 'get another certificate: `quorate certs issue`, by an operator';
  if (genesis === undefined)
    return [{ what, state: 'not looked at', words: 'rests on the cluster file' }];
  try {
    const name = examineCredentials(optionsFrom(connection), genesis);
    if (name === undefined)
      return [{ what, state: 'wrong', words: `${connection.cert}: names no SPIFFE id`, advice }];
    const warnings = ownCertificateWarnings(connection, Date.now());
    return [
      { what, state: 'right', words: `${connection.cert}: ${name}` },
      ...warnings.map((words): Finding => {
        return { what, state: 'warning', words: words.replace(/^warning: /, ''), advice };
      }),
    ];
  } catch (error) {
    return [{ what, state: 'wrong', words: wordsOf(error), advice }];
  }
}

function endpoint(answer: EndpointAnswer, genesis: Genesis | undefined): Finding {
  const what = `endpoint ${answer.endpoint}`;
  const { cluster } = answer;
  if (cluster === undefined) {
    const advice = isUnreached(answer.error)
      ? 'is the node running, is this its client port, and does a firewall let this machine through?'
      : 'see the reason in docs/errors.md';
    return { what, state: 'wrong', words: problemOf(answer), advice };
  }
  if (genesis !== undefined && cluster.clusterId !== genesis.clusterId)
    return {
      what,
      state: 'wrong',
      words: `${cluster.nodeId} is of cluster ${cluster.clusterId}, not ${genesis.clusterId}`,
      advice: 'name the endpoints of the cluster whose cluster.json this is',
    };
  const words = `${cluster.nodeId} answered in ${duration(answer.tookMs)}`;
  const fault = quorumFault(cluster, cluster.nodeId);
  if (fault !== undefined)
    return { what, state: 'warning', words: `${words}; ${fault}`, advice: SEE_STATUS };
  if (!cluster.caughtUp)
    return { what, state: 'warning', words: `${words}; it catches up`, advice: SEE_STATUS };
  return { what, state: 'right', words };
}

const SEE_STATUS = '`quorate cluster status`, then docs/runbook.md';

function isUnreached(error: unknown): boolean {
  return error instanceof QuorateError && error.reason === 'UNREACHABLE';
}

/** By the answers' own times: a clock that is away from this machine's by more than a request bears, or than half of that. */
function clocks(answers: readonly EndpointAnswer[]): Finding[] {
  return clocksOf(answers).map(({ node, tookMs, aheadMs }): Finding => {
    const what = 'clock';
    const byMs = Math.max(Math.abs(aheadMs) - tookMs, 0);
    const side = aheadMs > 0 ? 'ahead of' : 'behind';
    const words = `the clock of ${node} is ${duration(Math.abs(aheadMs))} ${side} this machine’s`;
    const advice = 'set the clocks of this machine and of the nodes by NTP';
    if (byMs > CLOCK_MS) return { what, state: 'wrong', words, advice };
    return byMs > CLOCK_MS / 5
      ? { what, state: 'warning', words, advice }
      : { what, state: 'right', words };
  });
}

/** Faults that the nodes say of themselves. */
function ofNodes(answers: readonly EndpointAnswer[]): Finding[] {
  return answers.flatMap(({ cluster: seen }) => {
    if (seen === undefined) return [];
    const own = seen.members.filter(({ nodeId }) => nodeId === seen.nodeId);
    const certificates = certificateWarnings(own, Date.now()).map((words): Finding => ({
      what: 'certificate of a node',
      state: 'warning',
      words: words.replace(/^warning: /, ''),
      advice: 'issue another one with `quorate certs issue`; SIGHUP takes it while the node runs',
    }));
    if (seen.diskRoom === DiskRoom.ENOUGH || seen.diskRoom === DiskRoom.UNSPECIFIED)
      return certificates;
    const disk: Finding = {
      what: 'disk',
      state: seen.diskRoom === DiskRoom.LOW ? 'warning' : 'wrong',
      words: `${seen.nodeId} has ${Math.floor(Number(seen.diskFreeBytes) / 1024 / 1024)} MiB free`,
      advice: 'make room on that node: see "Stopping and failing" in docs/operations.md',
    };
    return [...certificates, disk];
  });
}
