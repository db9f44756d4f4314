import type { CheckpointMessage } from './checkpoints/messages.js';
import type { EvidenceMessage } from './evidence/messages.js';
import type { Message } from './messages.js';

/** All that nodes tell each other on the stream of consensus. The core sees {@link Message} alone. */
export type PeerMessage = Message | CheckpointMessage | EvidenceMessage;
