import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { WORKERS_BY_DEFAULT_MAX } from './limits.js';

const CGROUPS = '/sys/fs/cgroup';

/** Reads a file of the system; nothing where there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * Workers of a node that is not told how many: every core but the one that its main thread has, at least one, and not more
 * than the processor time that its control group may use. A container with a quota of two cores sees all cores of its machine.
 */
export function workersByDefault(
  cores: number = availableParallelism(),
  read: ReadText = readSystemFile,
): number {
  const usable = Math.floor(Math.min(cores, coresOfQuota(read) ?? cores));
  return Math.min(WORKERS_BY_DEFAULT_MAX, Math.max(1, usable - 1));
}

/** The smallest quota of this process's control groups in cores, of version 2 or 1; nothing where there is none. */
function coresOfQuota(read: ReadText): number | undefined {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const quotas = lines.flatMap(([id, controllers = '', path = '/']) => {
    if (id === '0') return groupsOf(path).map((group) => unifiedQuota(read, group));
    if (!controllers.split(',').includes('cpu')) return [];
    return groupsOf(path).map((group) => controllerQuota(read, controllers, group));
  });
  const cores = quotas.filter((quota) => quota !== undefined);
  return cores.length === 0 ? undefined : Math.min(...cores);
}

/** A group and those that it lies in: the quota of each holds. In a container the path may be one of the machine's. */
function groupsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...groupsOf(above)];
}

function unifiedQuota(read: ReadText, group: string): number | undefined {
  const [quota, period] = (read(join(CGROUPS, group, 'cpu.max')) ?? '').trim().split(' ');
  return ratioOf(quota, period);
}

function controllerQuota(read: ReadText, controllers: string, group: string): number | undefined {
  for (const folder of [controllers, 'cpu']) {
    const at = join(CGROUPS, folder, group);
    const quota = read(join(at, 'cpu.cfs_quota_us'));
    if (quota !== undefined) return ratioOf(quota, read(join(at, 'cpu.cfs_period_us')));
  }
  return undefined;
}

/** "max", -1 and what is no number are no quota. */
function ratioOf(quota: string | undefined, period: string | undefined): number | undefined {
  const ratio = Number(quota?.trim()) / Number(period?.trim());
  return Number.isFinite(ratio) && ratio > 0 ? ratio : undefined;
}

function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
