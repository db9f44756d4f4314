import { voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import type { KeyParticipant, TaskRecord } from '../wire/index.js';
import { parseRequest } from './parse.js';
import type { ParsedGenerateKey } from './parse.js';

/** What an open generate-key task was asked for; `undefined` for any other task. */
export function generateKeyOf(task: TaskRecord): ParsedGenerateKey | undefined {
  const parsed = parseRequest(task.method, task.request);
  return parsed.ok && parsed.request.kind === 'generate-key' ? parsed.request : undefined;
}

/** The message that an open sign task is to sign; `undefined` for any other task. */
export function messageOf(task: TaskRecord): Uint8Array | undefined {
  const parsed = parseRequest(task.method, task.request);
  return parsed.ok && parsed.request.kind === 'sign' ? parsed.request.message : undefined;
}

/** Who makes the key of an open generate-key task, in order of party index, with the genesis' identity keys. */
export function participantsOf(task: TaskRecord, genesis: Genesis): readonly KeyParticipant[] {
  const asked = generateKeyOf(task)?.participants ?? [];
  const nodes = asked.length === 0 ? voters(genesis) : asked;
  return nodes.map((nodeId) => ({
    nodeId,
    identityKey:
      genesis.members.find((member) => member.nodeId === nodeId)?.identityKey ?? new Uint8Array(0),
  }));
}
