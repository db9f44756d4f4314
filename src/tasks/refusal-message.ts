import { refusal } from '../common/index.js';
import type { Refusal } from '../common/index.js';
import type { ForwardRefused, TaskMessageBody } from '../wire/index.js';
import { REFUSAL_DETAIL_CHARS_MAX, REFUSAL_FACT_CHARS_MAX, REFUSAL_FACTS_MAX } from './limits.js';

/** A reason, and the name of a field or fact. */
const WORD = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/;

/** The message that nothing was done for a request, and why. @param decisionHash - Of the request. */
export function forwardRefused(decisionHash: Uint8Array, refused: Refusal): TaskMessageBody {
  const { code, reason, message: detail, field = '', facts = {} } = refused;
  return {
    message: {
      $case: 'forwardRefused',
      value: {
        verdictHash: decisionHash,
        code,
        reason,
        detail,
        field,
        facts: Object.entries(facts).map(([name, value]) => ({ name, value })),
      },
    },
  };
}

/** The refusal that a node has sent, cut to what an honest one says: its requester is told it. */
export function refusalIn(said: ForwardRefused, code: Refusal['code']): Refusal {
  const facts = said.facts
    .slice(0, REFUSAL_FACTS_MAX)
    .filter(({ name, value }) => WORD.test(name) && value.length <= REFUSAL_FACT_CHARS_MAX);
  return refusal(
    code,
    WORD.test(said.reason) ? said.reason : 'UNKNOWN',
    said.detail.slice(0, REFUSAL_DETAIL_CHARS_MAX),
    {
      ...(WORD.test(said.field) && { field: said.field }),
      ...(facts.length > 0 && {
        facts: Object.fromEntries(facts.map(({ name, value }) => [name, value])),
      }),
    },
  );
}
