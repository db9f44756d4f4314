import { refuse } from '../common/index.js';
import type { Result } from '../common/index.js';
import { LEVEL_MAX } from '../wire/index.js';
import type { TaskRecord } from '../wire/index.js';
import type { AskedTask, KindRules, KindTable, ParsedRequest } from './kind-rules.js';
import { REQUEST_BYTES_MAX } from './limits.js';
import { refuseField } from './request-fields.js';

/** A request's content, and the rules of the kind of task that it opens. */
export type Parsed = { readonly asked: ParsedRequest; readonly rules: KindRules };

/**
 * Reads a request's bytes as received. The same answer on every node; never throws.
 *
 * @param level - The feature level that it is read by: what came later is not known. Unless given, all that this build
 *   knows.
 */
export function parseRequest(
  kinds: KindTable,
  method: string,
  bytes: Uint8Array,
  level: number = LEVEL_MAX,
): Result<Parsed> {
  return rulesOf(kinds, method)?.upkeep === undefined
    ? parseAsked(kinds, method, bytes, level)
    : unknownMethod();
}

/** As {@link parseRequest}, of what opened a task, which the cluster may have asked of itself. */
export function parseAsked(
  kinds: KindTable,
  method: string,
  bytes: Uint8Array,
  level: number = LEVEL_MAX,
): Result<Parsed> {
  if (bytes.length > REQUEST_BYTES_MAX) {
    return refuseField('', 'REQUEST_TOO_LARGE', `Requests are at most ${REQUEST_BYTES_MAX} bytes`);
  }
  const rules = rulesOf(kinds, method);
  if (rules === undefined) return unknownMethod();
  if (rules.level > level) {
    return refuse(
      'unsupported',
      'LEVEL_TOO_LOW',
      `Requests of this method count from feature level ${rules.level} of the cluster on`,
      { facts: { level: String(level), needed: String(rules.level) } },
    );
  }
  const parsed = rules.parse(bytes, level);
  return parsed.ok ? { ok: true, value: { asked: parsed.value, rules } } : parsed;
}

function rulesOf(kinds: KindTable, method: string): KindRules | undefined {
  return Object.values(kinds).find((each) => each.method === method);
}

function unknownMethod(): Result<never> {
  return refuseField('method', 'UNKNOWN_METHOD', 'The log takes no requests of this method');
}

/** An open task, its request parsed, and the rules of its kind; `undefined` for one whose request is gone. */
export function parseTask(
  kinds: KindTable,
  record: TaskRecord,
): (AskedTask & { readonly rules: KindRules }) | undefined {
  const parsed = parseAsked(kinds, record.method, record.request);
  return parsed.ok ? { record, ...parsed.value } : undefined;
}

/** The request of a task of these rules' kind; `undefined` for any other task. */
export function requestOf<P extends ParsedRequest>(
  rules: Pick<KindRules<P>, 'kind' | 'parse'>,
  task: Pick<TaskRecord, 'kind' | 'request'>,
): P | undefined {
  const parsed = task.kind === rules.kind ? rules.parse(task.request, LEVEL_MAX) : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
}
