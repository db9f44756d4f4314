import { voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import type { KeyParticipant, TaskRecord } from '../wire/index.js';
import { parseRequest } from './parse.js';
import type { ParsedGenerateKey, ParsedSign } from './parse.js';

/** What an open generate-key task was asked for; `undefined` for any other task. */
export function generateKeyOf(task: TaskRecord): ParsedGenerateKey | undefined {
  const parsed = parseRequest(task.method, task.request);
  return parsed.ok && parsed.value.kind === 'generate-key' ? parsed.value : undefined;
}

/** What an open sign task was asked for; `undefined` for any other task. */
export function signOf(task: TaskRecord): ParsedSign | undefined {
  const parsed = parseRequest(task.method, task.request);
  return parsed.ok && parsed.value.kind === 'sign' ? parsed.value : undefined;
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
