import { ClusterError, nodeId } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import type { ConsensusStore, Signer, SnapshotFiles, Verify } from '../ports/index.js';
import type { CheckpointLimits, CheckpointParts, Electorate } from '../raft/index.js';
import { CHECKPOINT_COMMAND, shareHolders, thresholdInRow } from '../state/index.js';
import type { Overlay, Queries } from '../state/index.js';
import type { StateMachine } from './replica-machine.js';

/** The parts of a replica that its checkpoints are made of. */
type Parts = {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly verify: Verify;
  readonly files: SnapshotFiles;
  readonly limits: Partial<CheckpointLimits> | undefined;
  readonly consensus: ConsensusStore;
  readonly overlay: Overlay;
  readonly asked: Queries;
  readonly machine: StateMachine;
  /** The replica has stopped; its process is to end, and to start from what is in the store. */
  readonly onInstalled: (error: ClusterError) => void;
};

/** Checkpoints of the replicated state, as consensus wants them. */
export function checkpointsOf(parts: Parts): CheckpointParts {
  const { genesis, signer, verify, files, limits, consensus, overlay, asked, machine } = parts;
  return {
    signer,
    verify: (...claim) => verify.identity(...claim),
    files,
    limits,
    state: {
      command: CHECKPOINT_COMMAND,
      isAsked: (entry) => machine.isCheckpoint(entry),
      reading: () => overlay.reading(() => consensus.readState()),
      electorate: (): Electorate => ({
        clusterId: genesis.clusterId,
        keys: new Map(
          shareHolders(asked.members()).map(({ nodeId: id, identityKey }) => [
            nodeId(id),
            identityKey,
          ]),
        ),
      }),
      thresholdOf: thresholdInRow,
    },
    onInstalled: () => parts.onInstalled(installed()),
  };
}

/**
 * What runs knows another state than the one that is in the store now: keys, tasks and pools are those of a start with that
 * state. So the process ends, and its supervisor starts it again.
 */
function installed(): ClusterError {
  return new ClusterError(
    'wrong-state',
    'The node lacked a part of the log that the others have removed, and has installed a snapshot of the state. ' +
      'It ends, and takes part again when it is started: nothing else is to be done',
    { reason: 'SNAPSHOT_INSTALLED' },
  );
}
