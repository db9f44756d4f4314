import type { AttemptRecord } from '../wire/index.js';
import type { AskedTask, JudgingContext, KindRules } from './kind-rules.js';
import { parseTask } from './parse.js';
import { readSession, readTask } from './records.js';
import { isOpen } from './tasks.js';
import type { View } from './view.js';

/** An open task, the rules of its kind, and its newest attempt. */
export type SessionTask = AskedTask & { readonly rules: KindRules; readonly newest: AttemptRecord };

/** The open task whose participants close it by what they sign in a session, and whose newest attempt that session is of. */
export function sessionTask(
  view: View,
  session: Uint8Array,
  { kinds }: JudgingContext,
): SessionTask | undefined {
  const id = readSession(view, session);
  const record = id === undefined ? undefined : readTask(view, id);
  const task = isOpen(record) ? parseTask(kinds, record) : undefined;
  const newest = record?.attempts.at(-1);
  return task === undefined || newest === undefined ? undefined : { ...task, newest };
}
