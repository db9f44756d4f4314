import { equal, toHex } from '../../src/common/index.js';
import type { PartyIndex } from '../../src/common/index.js';
import type { Combined, Combining, CombiningContext } from '../../src/tasks/kinds/driver.js';
import type { LiveAttempt } from '../../src/tasks/live-tasks.js';
import { decodeSignedOutput, toyMaterial, toyResultBytes } from './rules.js';
import type { ParsedToy, SignedOutput } from './rules.js';

/** The kind of envelope in which a participant contributes its output. */
export const TOY_RESULT_KIND = 'toy/result';

/** Takes for the result of a toy what all of its participants have signed. */
export class ToyCombining implements Combining<ParsedToy> {
  readonly envelope = (): string => TOY_RESULT_KIND;
  readonly #parts: CombiningContext;
  readonly #isOneEnough: boolean;

  /** @param isOneEnough - A mistake, which the tests plant: what one participant says is taken for all. */
  constructor(parts: CombiningContext, isOneEnough = false) {
    this.#parts = parts;
    this.#isOneEnough = isOneEnough;
  }

  async combine(
    attempt: LiveAttempt<ParsedToy>,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const said = new Map<PartyIndex, SignedOutput | undefined>();
    for (const [index, body] of bodies) said.set(index, this.#read(attempt, index, body));
    const outputs = [...said.values()].filter((each) => each !== undefined);
    const [any] = outputs;
    if (this.#isOneEnough && any !== undefined) {
      return { material: toyMaterial(any.output, [any.signature]) };
    }
    const right = mostSaid(outputs);
    const wrong = [...said]
      .filter(([, each]) => each === undefined || !isSame(each, right))
      .map(([index]) => index);
    if (wrong.length > 0 || right === undefined) return { wrong };
    const inOrder = attempt.nodes.map((node) => {
      const at = attempt.task.participants.findIndex((each) => each.nodeId === node);
      return said.get(at + 1)?.signature ?? new Uint8Array(0);
    });
    return { material: toyMaterial(right.output, inOrder) };
  }

  #read(
    { record, task }: LiveAttempt<ParsedToy>,
    index: PartyIndex,
    body: Uint8Array,
  ): SignedOutput | undefined {
    const said = decodeSignedOutput(body);
    const identityKey = task.participants[index - 1]?.identityKey;
    if (said === undefined || identityKey === undefined) return undefined;
    const signed = toyResultBytes(record.sessionId, said.output);
    const { verify } = this.#parts.context.judging;
    return verify.identity(identityKey, signed, said.signature) ? said : undefined;
  }
}

function isSame(one: SignedOutput, other: SignedOutput | undefined): boolean {
  return other !== undefined && equal(one.output, other.output);
}

/** The output that more than half say; `undefined` where there is none, and nobody knows who lies. */
function mostSaid(outputs: readonly SignedOutput[]): SignedOutput | undefined {
  const names = outputs.map(({ output }) => toHex(output));
  return outputs.find((_, at) => {
    const same = names.filter((name) => name === names[at]).length;
    return 2 * same > outputs.length;
  });
}
