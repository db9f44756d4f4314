import type { KindJudge } from '../../src/blame/kind-judge.js';
import { TO_ALL } from '../../src/mpc/index.js';
import { TOY_RESULT_KIND } from './combining.js';
import { isToyOpening, toy } from './protocol.js';
import { bootsOf } from './rules.js';

/** How the messages of toys are judged: whom they prove to have lied. */
export const toyJudge: KindJudge = {
  saidOnce: [...Object.values(toy.kinds), TOY_RESULT_KIND],
  faults: {
    WRONG_OPENING({ attempt, node }, [commitment, opening, more]) {
      const nodes = bootsOf(attempt);
      const index = nodes.findIndex(({ nodeId }) => nodeId === node) + 1;
      const isPair =
        commitment?.kind === toy.kinds.commit &&
        commitment.to === TO_ALL &&
        opening?.kind === toy.kinds.open &&
        opening.to >= 1 &&
        opening.to <= nodes.length &&
        more === undefined;
      if (!isPair || commitment.from !== index || opening.from !== index) return false;
      if (commitment.body === undefined || opening.body === undefined) return false;
      return !isToyOpening(attempt.sessionId, index, commitment.body, opening.body);
    },
  },
};
