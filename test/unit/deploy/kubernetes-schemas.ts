import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A validator that is compiled from a schema. */
type Validate = ((value: unknown) => boolean) & { readonly errors?: readonly object[] | null };

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** Where `.ci/kubernetes.sh` has put the schemas; nothing where it has not run. In CI they are never missing. */
export const SCHEMAS = [
  process.env['QUORATE_KUBERNETES_MODELS'],
  join(cache, 'quorate', 'kubernetes-models-4.5.1-4.4.4', 'node_modules'),
].find((folder) => folder !== undefined && existsSync(folder));

export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/**
 * The faults of an object by its schema; and fields that the schema has not, which validators pass over: those that the
 * validator has never read.
 */
export function faultsOf(object: KubernetesObject, folder: string): string[] {
  const load = createRequire(join(folder, 'package.json'));
  const { validate } = load(schemaOf(object, folder)) as { readonly validate: Validate };
  const unread: { readonly path: string; readonly keys: Set<string> }[] = [];
  const isValid = validate(watched(object, '', unread));
  const faults = isValid ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
  const strange = unread.flatMap(({ path, keys }) => [...keys].map((key) => `${path}/${key}`));
  return [...faults, ...strange.map((path) => `${path}: no such field`)];
}

function schemaOf({ apiVersion, kind }: KubernetesObject, folder: string): string {
  const [version = '', group = 'core'] = apiVersion.split('/').toReversed();
  const name = `${capital(version)}${kind}.js`;
  if (group === 'cert-manager.io')
    return join(folder, '@kubernetes-models/cert-manager/_schemas', `CertManagerIo${name}`);
  const [room = ''] = group.split('.');
  return join(folder, 'kubernetes-models/_schemas', `IoK8sApi${capital(room)}${name}`);
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** The same value, whose fields are counted as read when somebody reads them. */
function watched(
  value: unknown,
  path: string,
  unread: { readonly path: string; readonly keys: Set<string> }[],
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.entries(value).map(
    ([key, each]) => [key, watched(each, `${path}/${key}`, unread)] as const,
  );
  if (Array.isArray(value)) return inner.map(([, each]) => each);
  const keys = new Set(Object.keys(value));
  unread.push({ path, keys });
  return new Proxy<Record<string, unknown>>(Object.fromEntries(inner), {
    get(target, key) {
      if (typeof key !== 'string') return undefined;
      keys.delete(key);
      return target[key];
    },
  });
}
