import { Algorithm } from '../../src/client/index.js';
import type { QuorateClient } from '../../src/client/index.js';
import { clusterId, nodeId } from '../../src/common/index.js';
import { REQUEST_METADATA } from '../../src/identity/index.js';
import type { Role } from '../../src/identity/index.js';
import { issueCertificate } from '../../src/pki/index.js';
import type { PublicServerBounds } from '../../src/rpc/public-server.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { Requester } from '../support/builders/requester.js';
import { Fixture, tlsFor } from '../unit/rpc/server-fixture.js';
import type { Call, Case, Who } from './case.js';
import type { Place } from './table.js';

type Shown = Pick<Call, 'speaks' | 'tls'>;

/** What can be seen of a place from inside. */
export type Observed = {
  /** How often the backend was asked; 0 where there is no way to count. */
  readonly entered: number;
  readonly tasks: number;
  /** The messages of log lines about this method so far. */
  readonly lines: readonly string[];
};

/** Where calls are sent to. */
export interface Site {
  readonly address: string;
  readonly clusterId: string;
  /** How such a caller comes. */
  shownBy(who: Who): Promise<Shown>;
  observe(path: string): Promise<Observed>;
}

const ROLES: Readonly<Partial<Record<Who, readonly [Role, string]>>> = {
  'other app': ['app', 'other'],
  operator: ['operator', 'operator'],
  auditor: ['auditor', 'auditor'],
  node: ['tee', 'node-3'],
};

/** More than all rows make. */
const TASKS_MAX = 900;
/** A half message is waited for so long: shorter than in a node, long enough for a whole one. */
const ARRIVAL_MS = 2_000;

/** The places of the table, each made when it is first asked for. */
export class Sites implements AsyncDisposable {
  readonly #stages: Fixture[] = [];
  readonly #made = new Map<Place, Promise<Site>>();
  #cluster: TestCluster | undefined;

  at(place: Place): Promise<Site> {
    const known = this.#made.get(place);
    if (known !== undefined) return known;
    const made = this.#make(place);
    this.#made.set(place, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const fixture of this.#stages) await fixture.close();
    await this.#cluster?.[Symbol.asyncDispose]();
  }

  async #make(place: Place): Promise<Site> {
    switch (place) {
      case 'port':
        return this.#port({ arrivalMs: ARRIVAL_MS });
      case 'no pace':
        return this.#port({ pace: { callsOpenMax: 0 } });
      case 'mistake':
        return this.#port({}, () => Promise.reject(new TypeError('canary in /src/secret.ts:1')));
      case 'cluster':
        return this.#clusterSite();
      case 'minority': {
        const site = await this.at('cluster');
        const [first, ...others] = this.#cluster?.nodes ?? [];
        for (const node of others) await this.#cluster?.kill(node);
        const observer = await this.#cluster?.client('operator', first && { at: [first] });
        // As long as it takes itself or a dead node for the leader, nobody can say that nothing was done.
        await eventually('the last node to know of no leader', async () => {
          return (await observer?.getCluster())?.leaderId === '';
        });
        return { ...site, observe: () => Promise.resolve({ entered: 0, tasks: 0, lines: [] }) };
      }
    }
  }

  async #port(
    bounds: PublicServerBounds,
    onSubmit?: Fixture['backend']['onSubmit'],
  ): Promise<Site> {
    const fixture = await Fixture.open({ bounds });
    this.#stages.push(fixture);
    if (onSubmit !== undefined) fixture.backend.onSubmit = onSubmit;
    const shown = new Map<Who, Promise<Shown>>();
    return {
      address: fixture.address,
      clusterId: fixture.genesis.clusterId,
      shownBy: (who) => remembered(shown, who, () => shownAtPort(fixture, who)),
      observe: async (path) => ({
        entered: fixture.backend.entered,
        tasks: 0,
        lines: fixture.logger.lines
          .filter(
            ({ fields }) => fields !== undefined && 'method' in fields && fields.method === path,
          )
          .map(({ message }) => message),
      }),
    };
  }

  async #clusterSite(): Promise<Site> {
    const cluster = await startCluster({ nodes: 3 });
    this.#cluster = cluster;
    const app = await cluster.client('app');
    const operator = await cluster.client('operator');
    await app.generateKey({
      keyId: 'demo',
      algorithm: Algorithm.FROST_ED25519_SHA512,
      threshold: 2,
    });
    const shown = new Map<Who, Promise<Shown>>();
    return {
      address: cluster.network.door(nodeId('node-1')).address,
      clusterId: (await operator.getCluster()).clusterId,
      shownBy: (who) =>
        remembered(shown, who, async () => {
          const [role, name] = ROLES[who] ?? ['app', 'app'];
          return { speaks: 'TLS 1.3' as const, tls: await cluster.credentials(role, { name }) };
        }),
      observe: async () => ({ entered: 0, tasks: await tasksOf(operator), lines: [] }),
    };
  }
}

/** The metadata of a request that its caller signed, in order but for what the row says. */
export function signedMetadata(
  site: Site,
  call: Case,
  { tls }: Shown,
): NonNullable<Case['metadata']> {
  const { signed, path, messages } = call;
  const [request] = messages ?? [];
  if (signed === undefined || request === undefined || !tls.cert || !tls.key) return [];
  const requester = new Requester({ certificate: tls.cert, privateKey: tls.key }, '');
  const expireTimeMs = Date.now() + (signed.expiresInMs ?? 30_000);
  const id = clusterId(signed.clusterId ?? site.clusterId);
  const { certificates, signature } = requester.sign({
    clusterId: id,
    method: path,
    expireTimeMs,
    request,
  });
  if (signed.spoiled === true) signature[5] = (signature[5] ?? 0) ^ 1;
  return [
    [REQUEST_METADATA.signature, signature],
    [REQUEST_METADATA.certificate, new Uint8Array(Buffer.concat(certificates))],
    [REQUEST_METADATA.expiry, String(expireTimeMs)],
  ];
}

async function shownAtPort(fixture: Fixture, who: Who): Promise<Shown> {
  const { authorities } = fixture;
  const ca = authorities.ours.certificate;
  const [role, name] = ROLES[who] ?? ['app', 'app'];
  switch (who) {
    case 'foreign':
      return { speaks: 'TLS 1.3', tls: await tlsFor(authorities, role, name, authorities.foreign) };
    case 'expired': {
      const yesterday = Date.now() - 2 * 86_400_000;
      const request = { role, name, dns: [], ips: [], days: 1 };
      const late = await issueCertificate(authorities.ours, request, yesterday);
      return { speaks: 'TLS 1.3', tls: { ca, cert: late.certificate, key: late.privateKey } };
    }
    case 'nobody':
      return { speaks: 'TLS 1.3', tls: { ca } };
    case 'plain text':
    case 'TLS 1.2':
    case 'HTTP/1.1':
      return { speaks: who, tls: await tlsFor(authorities, role, name) };
    case 'app':
    case 'other app':
    case 'operator':
    case 'auditor':
    case 'node':
      return { speaks: 'TLS 1.3', tls: await tlsFor(authorities, role, name) };
  }
}

async function tasksOf(client: QuorateClient): Promise<number> {
  return (await client.listTasks({ limit: TASKS_MAX })).items.length;
}

function remembered<K, V>(all: Map<K, V>, key: K, make: () => V): V {
  const known = all.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  all.set(key, fresh);
  return fresh;
}
