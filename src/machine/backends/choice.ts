import { ClusterError, wordsOf } from '../../common/index.js';
import type { Curve, Groups } from '../../crypto/index.js';
import { CURVE_BACKENDS } from './backends.js';
import type { CurveBackend } from './curve-backend.js';
import { knowsPoints } from './known-points.js';

/** The packages that a thread computes with. */
export type BackendNames = Readonly<Record<Curve, string>>;

/** A node's orders: the best that loads, or one kind and no other where a curve has that kind. */
export const BACKEND_CHOICES = ['auto', 'native', 'wasm', 'javascript'] as const;
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

/** A better backend that did not load, and why. */
export type PassedOver = {
  readonly curve: Curve;
  readonly backend: string;
  readonly because: string;
};

/** Groups that were loaded, by curve and package: whatever computes in one thread shares their caches. */
const loaded = new Map<string, Promise<Groups[Curve]>>();

/**
 * The first backend of each curve that loads and gives right answers.
 *
 * @throws ClusterError `unsupported` (`BACKEND_MISSING`) when a kind was demanded and does not load.
 */
export async function chooseBackends(
  choice: BackendChoice,
  backends: Readonly<Record<Curve, readonly CurveBackend[]>> = CURVE_BACKENDS,
): Promise<{ readonly names: BackendNames; readonly passedOver: readonly PassedOver[] }> {
  const passedOver: PassedOver[] = [];
  const first = async (curve: Curve): Promise<string> => {
    for (const backend of candidates(backends[curve], choice)) {
      try {
        await groupBy(curve, backend);
        return backend.name;
      } catch (error) {
        passedOver.push({ curve, backend: backend.name, because: wordsOf(error) });
      }
    }
    throw missing(curve, choice, passedOver);
  };
  const names = {
    ed25519: await first('ed25519'),
    secp256k1: await first('secp256k1'),
    p256: await first('p256'),
  };
  return { names, passedOver };
}

/** The groups by exactly these packages, as another thread chose them. @throws when one does not load here. */
export async function groupsBy(names: BackendNames): Promise<Groups> {
  const named = (curve: Curve): Promise<Groups[Curve]> => {
    const backend = chosen(curve, names);
    if (backend === undefined) throw missing(curve, names[curve], []);
    return groupBy(curve, backend);
  };
  const [ed25519, secp256k1, p256] = await Promise.all([
    named('ed25519'),
    named('secp256k1'),
    named('p256'),
  ]);
  return { ed25519, secp256k1, p256 };
}

/** Groups of the same packages with caches of their own, to verify with; none where @noble/curves computes. */
export async function verifyingGroupsBy(
  names: BackendNames,
): Promise<Readonly<Partial<Pick<Groups, 'secp256k1' | 'p256'>>>> {
  const own = async (curve: Curve) => {
    const backend = chosen(curve, names);
    return backend === undefined || backend.kind === 'javascript'
      ? {}
      : { [curve]: await backend.load() };
  };
  return { ...(await own('secp256k1')), ...(await own('p256')) };
}

function chosen(curve: Curve, names: BackendNames): CurveBackend | undefined {
  return CURVE_BACKENDS[curve].find(({ name }) => name === names[curve]);
}

/** Of a kind that the curve has, no other; of another kind, and without one, the best. */
function candidates(
  backends: readonly CurveBackend[],
  choice: BackendChoice,
): readonly CurveBackend[] {
  const ofKind = backends.filter(({ kind }) => kind === choice);
  return ofKind.length === 0 ? backends : ofKind;
}

function groupBy(curve: Curve, { name, load }: CurveBackend): Promise<Groups[Curve]> {
  const key = `${curve} ${name}`;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const loading = (async () => {
    const group = await load();
    if (!knowsPoints(curve, group)) throw unsound(curve, name);
    return group;
  })();
  loaded.set(key, loading);
  return loading;
}

function missing(curve: Curve, choice: string, passedOver: readonly PassedOver[]): ClusterError {
  const why = passedOver
    .filter((each) => each.curve === curve)
    .map(({ backend, because }) => `${backend}: ${because}`);
  const words = [`crypto_backend: nothing of kind ${choice} computes ${curve}`, ...why].join('; ');
  return new ClusterError('unsupported', words, { reason: 'BACKEND_MISSING' });
}

function unsound(curve: Curve, name: string): ClusterError {
  const words = `${name} gives a wrong answer to a known test of ${curve}`;
  return new ClusterError('unsupported', words, { reason: 'BACKEND_WRONG' });
}
