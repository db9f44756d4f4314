import { nodeId, toHex } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import { PRESIGNED_KIND } from '../../../gg20/index.js';
import { areReady } from '../../../state/index.js';
import type { ParsedPresign } from '../../../state/index.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { Combined, Combining, CombiningContext } from '../driver.js';

/** Finds out whether all signers have the same presignature, of which each has said READY: that is what the log is told. */
export class PresignCombining implements Combining<ParsedPresign> {
  readonly #parts: CombiningContext;

  constructor(parts: CombiningContext) {
    this.#parts = parts;
  }

  envelope(): string {
    return PRESIGNED_KIND;
  }

  combine(
    { record, nodes, participants }: LiveAttempt<ParsedPresign>,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const { verify } = this.#parts.context.judging;
    const signers = nodes.map((node) => participants.find((each) => nodeId(each.nodeId) === node));
    const isRight = new Map<string, boolean>();
    const wrong = [...bodies].flatMap(([index, body]) => {
      const name = toHex(body);
      // An honest signer's differ from another's in nothing but the signatures, which their makers can alter.
      if (!isRight.has(name)) {
        isRight.set(name, areReady(verify, record.sessionId, signers, body) !== undefined);
      }
      return isRight.get(name) === true ? [] : [index];
    });
    const [material] = bodies.values();
    const isMade = wrong.length === 0 && material !== undefined;
    return Promise.resolve(isMade ? { material } : { wrong });
  }
}
