import {
  BOOT_BYTES,
  compareText,
  concat,
  equal,
  isId,
  refuse,
  utf8,
} from '../../src/common/index.js';
import { PARTICIPANTS_MAX } from '../../src/identity/index.js';
import { members, shareHolders } from '../../src/state/index.js';
import type { JudgingContext, KindRules, ParsedRequest, View } from '../../src/state/index.js';
import {
  bytesItem,
  transcript,
  type AttemptRecord,
  type BootedNode,
  type KeyParticipant,
} from '../../src/wire/index.js';
import { TOY_BYTES } from './protocol.js';

/** A request of the toy kind: `count` nodes are to draw bytes together. */
export type ParsedToy = ParsedRequest & { readonly kind: 'toy'; readonly count: number };

export const TOY_METHOD = '/test.ToyService/Draw';
/** Open tasks of the kind. */
export const TOYS_OPEN_MAX = 32;

const SIGNATURE_BYTES = 64;
const COUNT_MIN = 2;
const FORM = /^(\S+) (\d+)$/;

/** The bytes of a request: `<request id> <count>`. */
export function toyRequest(requestId: string, count: number): Uint8Array {
  return utf8(`${requestId} ${count}`);
}

/** What a participant signs of an output: T("toy-result", [session id, output]). */
export function toyResultBytes(sessionId: Uint8Array, output: Uint8Array): Uint8Array {
  return transcript('toy-result', [bytesItem(sessionId), bytesItem(output)]);
}

/** A participant's word on an output, as it contributes it. */
export type SignedOutput = { readonly output: Uint8Array; readonly signature: Uint8Array };

export function encodeSignedOutput({ output, signature }: SignedOutput): Uint8Array {
  return concat(output, signature);
}

export function decodeSignedOutput(body: Uint8Array): SignedOutput | undefined {
  if (body.length !== TOY_BYTES + SIGNATURE_BYTES) return undefined;
  return { output: body.slice(0, TOY_BYTES), signature: body.slice(TOY_BYTES) };
}

/** What `done` brings: the output, and the signatures of participants in the order in which the attempt names them. */
export function toyMaterial(output: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  return concat(output, ...signatures);
}

/** The nodes that an attempt names, each in one run of its process. */
export function bootsOf({ attempt }: Pick<AttemptRecord, 'attempt'>): readonly BootedNode[] {
  return attempt?.assignment?.$case === 'boots' ? attempt.assignment.value.nodes : [];
}

/**
 * Nodes draw bytes that none of them chooses. A result counts when every participant of its attempt has signed it: no client
 * could check it again, so the rules do.
 *
 * @param isOneEnough - A mistake, which the tests plant: one participant's word closes the task.
 */
export function toyRules(isOneEnough = false): KindRules<ParsedToy> {
  return {
    kind: 'toy',
    level: 1,
    method: TOY_METHOD,
    askers: { roles: ['operator', 'app'], voucher: true },
    opensWithAttempt: false,

    parse(bytes) {
      const [, requestId = '', digits = ''] = FORM.exec(new TextDecoder().decode(bytes)) ?? [];
      const count = Number(digits);
      const isRead = isId(requestId) && equal(toyRequest(requestId, count), bytes);
      return isRead && count >= COUNT_MIN && count <= PARTICIPANTS_MAX
        ? { ok: true, value: { kind: 'toy', requestId, count } }
        : refuse('invalid-request', 'INVALID_TOY', 'A toy request is an id and a count');
    },

    checkAccess: () => undefined,

    admit(view, { count }, context) {
      if ([...view.scan('toy/')].length >= TOYS_OPEN_MAX) {
        return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many toys are open');
      }
      const participants = nodesOf(view, context);
      return participants.length < count
        ? refuse('wrong-state', 'NOT_ENOUGH_NODES', `There are no ${count} nodes`)
        : { ok: true, value: { participants, key: undefined } };
    },

    participants: (view, _, context) => nodesOf(view, context),

    fitsAttempt(view, { count }, attempt, context) {
      const nodes = bootsOf({ attempt });
      const able = new Set(nodesOf(view, context).map((each) => each.nodeId));
      return (
        nodes.length === count &&
        nodes.every(({ nodeId, boot }) => able.has(nodeId) && boot.length === BOOT_BYTES) &&
        nodes.every(
          ({ nodeId }, at) => at === 0 || compareText(nodes[at - 1]?.nodeId ?? '', nodeId) < 0,
        )
      );
    },

    open(draft, { record }) {
      draft.put(`toy/${record.taskId}`, Uint8Array.of(1));
      return undefined;
    },

    result(view, _, record, material, context) {
      const output = material.slice(0, TOY_BYTES);
      const signed = toyResultBytes(record.sessionId, output);
      const nodes = bootsOf(record);
      const holds = ({ nodeId }: BootedNode, at: number): boolean => {
        const from = TOY_BYTES + at * SIGNATURE_BYTES;
        const signature = material.subarray(from, from + SIGNATURE_BYTES);
        const member = nodesOf(view, context).find((each) => each.nodeId === nodeId);
        const { verify } = context;
        return member !== undefined && verify.identity(member.identityKey, signed, signature);
      };
      if (isOneEnough) return nodes.some((node) => holds(node, 0)) ? output : undefined;
      const isWhole = material.length === TOY_BYTES + nodes.length * SIGNATURE_BYTES;
      return isWhole && nodes.every(holds) ? output : undefined;
    },

    close: (draft, { taskId }) => draft.delete(`toy/${taskId}`),
  };
}

function nodesOf(view: View, { genesis }: JudgingContext): readonly KeyParticipant[] {
  return shareHolders(members(view, genesis));
}
