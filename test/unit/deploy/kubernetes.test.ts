import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { buildProgram } from '../../../src/cli/program.js';
import { ProbeServer } from '../../../src/machine/index.js';
import { readConfig, SETTINGS } from '../../../src/node/index.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from '../../../src/rpc/limits.js';
import { fakeContext } from '../cli/fake-context.js';
import { faultsOf, SCHEMAS } from './kubernetes-schemas.js';
import type { KubernetesObject } from './kubernetes-schemas.js';
import { optionsOf, pathOf } from './program-options.js';

type Container = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPathExpr?: string;
  }[];
  readonly [probe: `${string}Probe`]: {
    readonly httpGet?: { readonly path: string; readonly port: string };
    readonly periodSeconds: number;
    readonly failureThreshold: number;
  };
};
type Pod = {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly [Container, ...Container[]];
  readonly volumes: readonly { readonly name: string }[];
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly securityContext: object;
};
type Workload = KubernetesObject & {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly template: { readonly spec: Pod };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
};
type Service = KubernetesObject & {
  readonly spec: {
    readonly ports: readonly { readonly port: number }[];
    readonly publishNotReadyAddresses?: boolean;
  };
};
type Policy = KubernetesObject & {
  readonly spec: {
    readonly ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
  };
};

const OVERLAYS = ['dev', 'prod', 'prod/init', 'mongo'];
const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!hasKubectl) console.error('SKIPPED: there is no kubectl to render the manifests with');
if (SCHEMAS === undefined) console.error('SKIPPED: no schemas; .ci/kubernetes.sh installs them');

const portOf = (address: string) => Number(address.split(':')[1]);

const rendered = new Map<string, KubernetesObject[]>();
/** The objects of an overlay. */
function objectsOf(overlay: string): readonly KubernetesObject[] {
  const known = rendered.get(overlay);
  if (known !== undefined) return known;
  const folder = join('deploy/kubernetes/overlays', overlay);
  const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const objects = parseAllDocuments(stdout).map((each) => each.toJS() as KubernetesObject);
  rendered.set(overlay, objects);
  return objects;
}
function ofKind<T extends KubernetesObject>(overlay: string, kind: string): T[] {
  return objectsOf(overlay).filter((each): each is T => each.kind === kind);
}
const podsOf = (overlay: string) =>
  ['StatefulSet', 'Job'].flatMap((kind) =>
    ofKind<Workload>(overlay, kind).map(({ spec }) => ({ ...spec, pod: spec.template.spec })),
  );
const containersOf = ({ initContainers = [], containers }: Pod) => [
  ...initContainers,
  ...containers,
];
function nodeOf(overlay: string): { readonly set: Workload; readonly node: Container } {
  const [set] = ofKind<Workload>(overlay, 'StatefulSet');
  if (set === undefined) throw new Error(`${overlay} has no StatefulSet`);
  return { set, node: set.spec.template.spec.containers[0] };
}
/** The environment of a node's container in one pod. */
function environmentOf({ env = [] }: Container, pod: string): Record<string, string> {
  const found = env.map(({ name, value }) => [name, value ?? pod] as const);
  return Object.fromEntries(
    found.map(([name, value]) => [name, value.replaceAll('$(QUORATE_NODE_ID)', pod)]),
  );
}

const isReady = hasKubectl && SCHEMAS !== undefined;

(isReady ? describe : describe.skip)('the manifests', () => {
  describe.each(OVERLAYS)('overlay %s', (overlay) => {
    test('every object keeps to its schema, which has every field of it', () => {
      const faults = objectsOf(overlay).flatMap((object) =>
        faultsOf(withoutFolds(object), SCHEMAS ?? '').map((fault) => [object.metadata.name, fault]),
      );
      expect(faults).toEqual([]);
      // A field that no schema has is found, wherever it stands.
      const [first] = podsOf(overlay);
      if (first === undefined) return;
      const planted = structuredClone(objectsOf(overlay)) as unknown as Workload[];
      const target = planted.find(({ kind }) => kind === 'StatefulSet' || kind === 'Job');
      Object.assign(target?.spec.template.spec.containers[0].securityContext ?? {}, {
        priviledged: 1,
      });
      expect(faultsOf(target as KubernetesObject, SCHEMAS ?? '')).toEqual([
        '/spec/template/spec/containers/0/securityContext/priviledged: no such field',
      ]);
    });

    test('every container calls what the program has, locked in, with volumes that are there', async () => {
      const program = await buildProgram(fakeContext().context);
      for (const { pod, volumeClaimTemplates = [] } of podsOf(overlay)) {
        const volumes = new Set([
          ...pod.volumes.map(({ name }) => name),
          ...volumeClaimTemplates.map((each) => each.metadata.name),
        ]);
        expect(pod).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            fsGroup: 65532,
            fsGroupChangePolicy: 'OnRootMismatch',
            seccompProfile: { type: 'RuntimeDefault' },
          },
        });
        for (const container of containersOf(pod)) {
          const { name, args, securityContext, volumeMounts } = container;
          expect([name, optionsOf(program, args).unknown]).toEqual([name, []]);
          expect(securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          expect(volumeMounts.filter((mount) => !volumes.has(mount.name))).toEqual([]);
        }
      }
    });
  });

  describe.each(['dev', 'prod', 'mongo'])('the nodes of overlay %s', (overlay) => {
    test('a node reads its settings, and nothing that is not mounted', () => {
      const { set, node } = nodeOf(overlay);
      const known = new Set(SETTINGS.map(({ environment }) => environment));
      expect((node.env ?? []).filter(({ name }) => !known.has(name))).toEqual([]);
      const config = readConfig({
        environment: environmentOf(node, 'quorate-1'),
        workingFolder: '/',
      });
      const isMounted = (path: string) =>
        node.volumeMounts.some(
          ({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`),
        );
      const paths = [
        config.dataDir,
        config.clusterFile,
        ...Object.values(config.tls),
        ...(config.nodeKey.kind === 'file' ? [config.nodeKey.path] : ['']),
        ...(config.store.mongodb === undefined
          ? []
          : [
              config.store.mongodb.tls.ca ?? '',
              'file' in config.store.mongodb.uri ? config.store.mongodb.uri.file : '',
            ]),
      ];
      expect(paths.filter((path) => !isMounted(path))).toEqual([]);
      expect(config.store.kind).toBe(overlay === 'mongo' ? 'mongodb' : 'embedded');
      const database = overlay === 'mongo' ? 'quorate_quorate-1' : undefined;
      expect(config.store.mongodb?.database).toBe(database);
      const ids = Array.from({ length: set.spec.replicas }, (_, at) => `quorate-${at}`);
      expect([...config.peers].map(([id, at]) => [id, at])).toEqual(
        ids.map((id) => [id, `${id}.${set.spec.serviceName}:7401`]),
      );
      const seconds = set.spec.template.spec.terminationGracePeriodSeconds ?? 0;
      expect(seconds).toBeGreaterThan((3 * (STOP_GRACE_MS + STOP_FORCED_MS)) / 1_000);
    });

    test('a node is born where it looks for itself, with its own token, and runs without one', () => {
      const { set, node } = nodeOf(overlay);
      const [enroll] = set.spec.template.spec.initContainers ?? [];
      const environment = environmentOf(node, 'quorate-0');
      const out = pathOf(enroll?.args ?? [], '--out');
      expect(environment).toMatchObject({
        QUORATE_DATA_DIR: pathOf(enroll?.args ?? [], '--data-dir'),
        QUORATE_CLUSTER_FILE: join(out, 'cluster.json'),
        QUORATE_NODE_KEY_FILE: join(out, 'node.key'),
        QUORATE_TLS_CA: join(out, 'ca.pem'),
      });
      const token = enroll?.volumeMounts.find(({ name }) => name === 'tokens');
      expect(token).toMatchObject({
        mountPath: pathOf(enroll?.args ?? [], '--token-file'),
        subPathExpr: '$(QUORATE_NODE_ID)',
      });
      expect(node.volumeMounts.map(({ name }) => name)).not.toContain('tokens');
      // Of what all pods have together, each is shown its own alone.
      const claims = new Set(
        (set.spec.volumeClaimTemplates ?? []).map((each) => each.metadata.name),
      );
      const shared = node.volumeMounts.filter(
        ({ name }) => !claims.has(name) && name !== 'mongodb-ca',
      );
      expect(shared.filter(({ subPathExpr }) => subPathExpr !== '$(QUORATE_NODE_ID)')).toEqual([]);
    });

    test('ports are the same in containers, probes, Services and policies', () => {
      const { set, node } = nodeOf(overlay);
      const [enroll] = set.spec.template.spec.initContainers ?? [];
      const environment = environmentOf(node, '');
      const listened = [
        ...['QUORATE_CLIENT_LISTEN', 'QUORATE_PEER_LISTEN'].map((name) => environment[name] ?? ''),
        pathOf(enroll?.args ?? [], '--listen'),
      ].map(portOf);
      const probes = portOf(environment['QUORATE_PROBES_LISTEN'] ?? '');
      const declared = [...(node.ports ?? []), ...(enroll?.ports ?? [])];
      expect(new Set(declared.map(({ containerPort }) => containerPort))).toEqual(
        new Set([...listened, probes]),
      );
      // The kubelet's alone: in no Service, and open to no pod.
      expect(listened).not.toContain(probes);
      for (const probe of PROBES) {
        const named = (node.ports ?? []).find(({ name }) => name === node[probe]?.httpGet?.port);
        expect([probe, named?.containerPort]).toEqual([probe, probes]);
      }
      const peers = ofKind<Service>(overlay, 'Service').find(
        ({ metadata }) => metadata.name === set.spec.serviceName,
      );
      expect(peers?.spec.publishNotReadyAddresses).toBe(true);
      expect(peers?.spec.ports.map(({ port }) => port)).toEqual(listened);
      const policies = ofKind<Policy>(overlay, 'NetworkPolicy');
      const open = policies.flatMap(({ spec }) =>
        (spec.ingress ?? []).flatMap(({ ports }) => ports),
      );
      expect(new Set(open.map(({ port }) => port))).toEqual(new Set(listened));
      expect(policies.map(({ metadata, spec }) => [metadata.name, spec])).toContainEqual([
        'deny-by-default',
        { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      ]);
    });
  });

  describe.each(['dev', 'prod', 'mongo'])('the probes of overlay %s', (overlay) => {
    test('each probe asks for what the node answers, and only liveness is sure of its answer', async () => {
      const { node } = nodeOf(overlay);
      const paths = PROBES.map((probe) => node[probe]?.httpGet?.path ?? '');
      const told = { isStarted: false, isReady: false };
      const server = new ProbeServer('127.0.0.1:0', {
        isStarted: () => told.isStarted,
        isReady: () => told.isReady,
      });
      const at = await server.listen();
      const statuses = () =>
        Promise.all(paths.map(async (path) => (await fetch(`http://${at}${path}`)).status));
      try {
        expect(await statuses()).toEqual([503, 503, 200]);
        told.isStarted = true;
        expect(await statuses()).toEqual([200, 503, 200]);
        told.isReady = true;
        expect(await statuses()).toEqual([200, 200, 200]);
      } finally {
        await server.stop();
      }
    });

    test('a node may take minutes to read its log, and a loop that hangs is not waited for as long', () => {
      const { node } = nodeOf(overlay);
      const secondsOf = (probe: (typeof PROBES)[number]) =>
        (node[probe]?.periodSeconds ?? 0) * (node[probe]?.failureThreshold ?? 0);
      expect(secondsOf('startupProbe')).toBeGreaterThanOrEqual(600);
      expect(secondsOf('livenessProbe')).toBeLessThanOrEqual(60);
    });
  });

  describe('the pod of an operator', () => {
    const pod = parse(
      readFileSync('deploy/kubernetes/operator.yaml', 'utf8'),
    ) as KubernetesObject & {
      readonly spec: Pod;
    };

    test('the pod of an operator keeps to its schema', () => {
      expect(faultsOf(pod, SCHEMAS ?? '')).toEqual([]);
    });

    test('the pod of an operator calls the program as the client that the Job has made', async () => {
      const program = await buildProgram(fakeContext().context);
      const [container] = pod.spec.containers;
      expect(optionsOf(program, container.args).unknown).toEqual([]);
      const [init] = ofKind<Workload>('dev', 'Job').map(({ spec }) => spec.template.spec);
      const [first] = init?.initContainers ?? [];
      const made = join(pathOf(first?.args ?? [], '--out'), 'operator', 'client.json');
      expect(container.env).toEqual([{ name: 'QUORATE_CLIENT_FILE', value: made }]);
      expect(init?.containers[0].args).toContain(`--client-file=${made}`);
    });
  });
});

/** Base64 is folded where it is long, which no schema takes for what it is. */
function withoutFolds(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret') return object;
  const { data } = object as KubernetesObject & { readonly data: Readonly<Record<string, string>> };
  const unfolded = Object.entries(data).map(([key, value]) => [key, value.replaceAll(/\s/g, '')]);
  return Object.assign({ ...object }, { data: Object.fromEntries(unfolded) as unknown });
}
