import { describe, expect, test } from '@jest/globals';
import { workersByDefault } from '../../../src/machine/index.js';

/** A machine whose system files are these. */
const files =
  (contents: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    contents[path];

describe('workers of a node that is not told how many', () => {
  test.each([
    [1, 1],
    [2, 1],
    [4, 3],
    [9, 8],
    [64, 8],
  ])('on %i cores without a quota: %i', (cores, workers) => {
    expect(workersByDefault(cores, files({}))).toBe(workers);
  });

  test.each<[string, number, Readonly<Record<string, string>>]>([
    [
      'of two cores in a container',
      1,
      { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '200000 100000\n' },
    ],
    [
      'of four cores on a service, and none of its slice',
      3,
      {
        '/proc/self/cgroup': '0::/system.slice/quorate.service\n',
        '/sys/fs/cgroup/system.slice/quorate.service/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/system.slice/cpu.max': 'max 100000\n',
      },
    ],
    [
      'of half a core on the slice that a service lies in',
      1,
      {
        '/proc/self/cgroup': '0::/small.slice/quorate.service\n',
        '/sys/fs/cgroup/small.slice/quorate.service/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/small.slice/cpu.max': '50000 100000\n',
      },
    ],
    [
      'of three cores by control groups of version 1, with the path of the machine outside',
      2,
      {
        '/proc/self/cgroup': '7:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
    ],
    [
      'that is none, by control groups of version 1',
      8,
      {
        '/proc/self/cgroup': '4:cpu:/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
    ],
    ['in a file that cannot be understood', 8, { '/proc/self/cgroup': 'what\n0::', '/x': '' }],
  ])('on 64 cores with a quota %s: %i', (_, workers, contents) => {
    expect(workersByDefault(64, files(contents))).toBe(workers);
  });
});
