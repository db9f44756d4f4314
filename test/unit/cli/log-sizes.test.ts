import { expect, test } from '@jest/globals';
import { logOf, logWords } from '../../../src/cli/format/log-sizes.js';
import { Cluster } from '../../../src/wire/index.js';

const answer = Cluster.fromPartial({
  nodeId: 'node-1',
  logSizes: {
    frontIndex: 1_000n,
    lastIndex: 41_000n,
    bytes: 73_400_320n,
    memoryBytes: 8_388_608n,
    checkpointIndex: 39_000n,
    checkpointBytes: 1_572_864n,
    bytesSinceCheckpoint: 4_000_000n,
    checkpointDueBytes: 67_108_864n,
  },
});

test('the sizes of a log are told for programs by the names of the proto', () => {
  expect(logOf(answer)).toEqual({
    front_index: 1_000,
    last_index: 41_000,
    bytes: 73_400_320,
    memory_bytes: 8_388_608,
    checkpoint_index: 39_000,
    checkpoint_bytes: 1_572_864,
    bytes_since_checkpoint: 4_000_000,
    checkpoint_due_bytes: 67_108_864,
  });
});

test('they are told for a person of each node that says them, once', () => {
  const silent = Cluster.fromPartial({ nodeId: 'node-2' });
  const young = Cluster.fromPartial({
    nodeId: 'node-3',
    logSizes: { lastIndex: 12n, bytes: 2_000n },
  });

  expect(logWords([answer, answer, silent, young])).toBe(
    '40000 entries, 70.0 MiB on node-1, state of entry 39000 kept, 1.5 MiB; 12 entries, 0.0 MiB on node-3',
  );
  expect(logWords([silent])).toBeUndefined();
  expect(logOf(silent)).toBeUndefined();
});
