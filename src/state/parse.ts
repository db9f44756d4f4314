import type { Result } from '../common/index.js';
import type { TaskRecord } from '../wire/index.js';
import type { AskedTask, KindRules, KindTable, ParsedRequest } from './kind-rules.js';
import { REQUEST_BYTES_MAX } from './limits.js';
import { refuseField } from './request-fields.js';

/** A request's content, and the rules of the kind of task that it opens. */
export type Parsed = { readonly asked: ParsedRequest; readonly rules: KindRules };

/** Reads a request's bytes as received. The same answer on every node; never throws. */
export function parseRequest(kinds: KindTable, method: string, bytes: Uint8Array): Result<Parsed> {
  if (bytes.length > REQUEST_BYTES_MAX) {
    return refuseField('', 'REQUEST_TOO_LARGE', `Requests are at most ${REQUEST_BYTES_MAX} bytes`);
  }
  const rules = Object.values(kinds).find((each) => each.method === method);
  if (rules === undefined) {
    return refuseField('method', 'UNKNOWN_METHOD', 'The log takes no requests of this method');
  }
  const parsed = rules.parse(bytes);
  return parsed.ok ? { ok: true, value: { asked: parsed.value, rules } } : parsed;
}

/** An open task, its request parsed, and the rules of its kind; `undefined` for one whose request is gone. */
export function parseTask(
  kinds: KindTable,
  record: TaskRecord,
): (AskedTask & { readonly rules: KindRules }) | undefined {
  const parsed = parseRequest(kinds, record.method, record.request);
  return parsed.ok ? { record, ...parsed.value } : undefined;
}
