// Plays the first boot of the dev overlay without Kubernetes: what the rendered manifests say is done by hand, with the root
// file system of the image, three pods and a Job in network namespaces of their own, and a folder for each volume.
//
//   node deploy/kubernetes/test/first-boot.mjs ROOT IMAGE.json        as .ci/image.sh prints them; as root
//
// Arguments, environment, mounts, users and ports are the manifests' own. Ends with 0 when the pods, which wait at first, were
// given their genesis, the Job has signed, and they have signed again after a second boot.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const [root = '', image = ''] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const docker = resolve(here, '../../docker/test');
const work = mkdtempSync(join(tmpdir(), 'quorate-first-boot-'));
const TEST = `quorate-boot-${process.pid}`;
const USER = 65532;
const BOOT_MS_MAX = 240_000;
const config = JSON.parse(readFileSync(image, 'utf8')).OCIv1.config;
const running = new Set();

const rendered = spawnSync('kubectl', ['kustomize', resolve(here, '../overlays/dev')], {
  encoding: 'utf8',
});
if (rendered.status !== 0) throw new Error(rendered.stderr);
const objects = parseAllDocuments(rendered.stdout).map((document) => document.toJS());
const find = (kind, name) =>
  objects.find((each) => each.kind === kind && each.metadata.name === name);
const set = find('StatefulSet', 'quorate');
const job = find('Job', 'quorate-init').spec.template.spec;
const podNames = Array.from({ length: set.spec.replicas }, (_, at) => `quorate-${at}`);

function network(call) {
  const { status } = spawnSync('bash', ['-euc', `source ${docker}/network.sh; ${call}`], {
    env: { ...process.env, TEST },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${call} failed`);
}

/** A folder as the kubelet makes one for a volume: root's, and the pod's group may write. */
function folderOf(...path) {
  const folder = join(work, ...path);
  mkdirSync(folder, { recursive: true });
  chownSync(folder, 0, USER);
  chmodSync(folder, 0o2775);
  return folder;
}

/** Where a volume of a pod is on this machine. */
function sourceOf(volume, pod, spec) {
  const isOfSet = spec === set.spec.template.spec;
  const claim = set.spec.volumeClaimTemplates.find((each) => each.metadata.name === volume);
  if (isOfSet && claim !== undefined) return folderOf('claims', `${volume}-${pod}`);
  const named = spec.volumes.find((each) => each.name === volume);
  const { claimName } = named?.persistentVolumeClaim ?? {};
  if (claimName !== undefined && find('PersistentVolumeClaim', claimName) !== undefined)
    return folderOf('claims', claimName);
  const secret = find('Secret', named?.secret?.secretName);
  if (secret === undefined) throw new Error(`no volume ${volume}`);
  const folder = folderOf('secrets', pod, named.secret.secretName);
  for (const [key, value] of Object.entries(secret.data)) {
    const file = join(folder, key);
    writeFileSync(file, Buffer.from(value, 'base64'));
    chownSync(file, 0, USER);
    chmodSync(file, named.secret.defaultMode);
  }
  return folder;
}

/** Starts a container of a pod. */
function start(pod, spec, container) {
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext;
  const { readOnlyRootFilesystem, allowPrivilegeEscalation } = container.securityContext;
  if (
    [runAsUser, runAsGroup, fsGroup].some((id) => id !== USER) ||
    !readOnlyRootFilesystem ||
    allowPrivilegeEscalation
  )
    throw new Error(`${pod} would run in another way than in-image.sh runs it`);
  const variables = new Map(
    (container.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      valueFrom?.fieldRef?.fieldPath === 'metadata.name' ? pod : value,
    ]),
  );
  const expand = (text) =>
    text.replaceAll(/\$\((\w+)\)/g, (whole, name) => variables.get(name) ?? whole);
  const mounts = container.volumeMounts.map(
    ({ name, mountPath, subPathExpr = '', readOnly }) =>
      `${join(sourceOf(name, pod, spec), expand(subPathExpr))}:${mountPath}${readOnly ? ':ro' : ''}`,
  );
  const environment = [
    ...config.Env,
    ...[...variables].map(([name, value]) => `${name}=${expand(value)}`),
  ];
  const words = [
    ...[`${TEST}-${pod}`, root],
    ...[...mounts, `${join(work, 'hosts')}:/etc/hosts:ro`].flatMap((each) => ['-m', each]),
    ...environment.flatMap((each) => ['-e', each]),
    ...[
      '--',
      ...(container.command ?? config.Entrypoint),
      ...(container.args ?? config.Cmd).map(expand),
    ],
  ];
  const child = spawn(join(docker, 'in-image.sh'), words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (part) => (said.out += part));
  child.stderr.on('data', (part) => (said.err += part));
  const ended = new Promise((done) => child.on('exit', (status) => done(status ?? 1)));
  running.add(child);
  void ended.then(() => running.delete(child));
  return { child, said, ended };
}

/** Runs a container to its end; again until it has done its work, as its pod says. */
async function toItsEnd(pod, spec, container) {
  for (let tries = 0; ; tries++) {
    const { said, ended } = start(pod, spec, container);
    const status = await ended;
    if (status === 0) return said;
    console.error(
      `${pod}/${container.name} ended with ${status}: ${said.err.trim().split('\n').at(-1)}`,
    );
    if (tries === 10) throw new Error(`${pod}/${container.name} fails again and again`);
    await pause(1_000);
  }
}

async function initialise(pod, spec) {
  for (const container of spec.initContainers) await toItsEnd(pod, spec, container);
}

/** Whether a probe of a pod's node succeeds, asked as the kubelet asks it. */
function succeeds(pod, probe) {
  const container = set.spec.template.spec.containers[0];
  const { path, port } = container[probe].httpGet;
  const { containerPort } = container.ports.find(({ name }) => name === port);
  const ask = `fetch('http://127.0.0.1:${containerPort}${path}').then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))`;
  return (
    spawnSync('ip', ['netns', 'exec', `${TEST}-${pod}`, process.execPath, '-e', ask]).status === 0
  );
}
const isReady = (pod) => succeeds(pod, 'readinessProbe');

async function until(what, condition) {
  for (const end = Date.now() + BOOT_MS_MAX; !(await condition()); await pause(200))
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
}

/** Starts all pods; gives each as it runs. */
async function boot(pods) {
  const spec = set.spec.template.spec;
  await Promise.all(
    podNames.map(async (pod) => {
      await initialise(pod, spec);
      pods.set(pod, start(pod, spec, spec.containers[0]));
    }),
  );
}

async function stop(pods) {
  for (const { child } of pods.values()) child.kill('SIGTERM');
  for (const [pod, { ended, said }] of pods) {
    const status = await ended;
    if (status !== 0) throw new Error(`${pod} ended with ${status}: ${said.err}`);
  }
}

let failed = false;
try {
  network(`hosts ${[...podNames, 'quorate-init'].join(' ')}`);
  const names = podNames.map((pod, at) => `10.74.0.${at + 1} ${pod}.${set.spec.serviceName}`);
  writeFileSync(
    join(work, 'hosts'),
    ['127.0.0.1 localhost', ...names, '10.74.0.1 quorate', ''].join('\n'),
  );
  const pods = new Map();
  const booted = boot(pods);
  booted.catch(() => undefined);
  // They wait: nothing runs yet that could be ready.
  await pause(1_000);
  if (pods.size > 0 || podNames.some(isReady))
    throw new Error('a pod is ready before there is a cluster');

  await initialise('quorate-init', job);
  await booted;
  const { out } = await toItsEnd('quorate-init', job, job.containers[0]);
  console.log(`first boot: ${out.trim()}`);
  await until('all pods are ready', () => podNames.every(isReady));
  for (const probe of ['startupProbe', 'livenessProbe'])
    if (!podNames.every((pod) => succeeds(pod, probe)))
      throw new Error(`a ready pod fails its ${probe}`);
  await stop(pods);

  const again = new Map();
  await boot(again);
  await until('all pods are ready again', () => podNames.every(isReady));
  const second = await toItsEnd('quorate-init', job, job.containers[0]);
  console.log(`second boot: ${second.out.trim()}`);
  await stop(again);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  for (const child of running) child.kill('SIGTERM');
  await Promise.all([...running].map((child) => new Promise((done) => child.on('exit', done))));
  network('no_hosts');
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
