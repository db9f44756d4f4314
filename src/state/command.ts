import { Command, decode, encode, levelNamed, MONITOR_LEVEL } from '../wire/index.js';
import type { Attempt } from '../wire/index.js';
import { CHECKPOINT_LEVEL, ENDS_LEVEL, RESHARE_LEVEL, UPKEEP_LEVEL } from './limits.js';
import { readLevel } from './records.js';
import type { View } from './view.js';

/** The contents of an entry of kind `command`, without the level that it names. */
export type CommandBody = NonNullable<Command['command']>;

/** The alarm's words for a command that is void at the state's level. The same on every build. */
export type VoidCommand = 'a command that cannot be read' | "a command above the cluster's level";

export type CommandReading =
  | { readonly ok: true; readonly command: CommandBody; readonly level: number }
  | { readonly ok: false; readonly alarm: VoidCommand };

/** The feature level that each kind of command came with. */
const KIND_LEVELS: Readonly<Record<CommandBody['$case'], number>> = {
  request: 1,
  attempt: 1,
  ready: 1,
  installed: 1,
  done: 1,
  failed: 1,
  upkeep: UPKEEP_LEVEL,
  prepared: UPKEEP_LEVEL,
  destroyed: ENDS_LEVEL,
  checkpoint: CHECKPOINT_LEVEL,
  observations: MONITOR_LEVEL,
  leaderSwitch: MONITOR_LEVEL,
};

/** A field that came after its kind of command did. */
export type LaterField = {
  readonly level: number;
  readonly isSet: (command: CommandBody) => boolean;
};

/** Fields that came after level 1. A command that has one is unreadable where it names a lower level. */
const LATER_FIELDS: readonly LaterField[] = [
  { level: UPKEEP_LEVEL, isSet: (command) => attemptIn(command)?.auxiliary !== undefined },
  { level: UPKEEP_LEVEL, isSet: (command) => attemptIn(command)?.presignature !== undefined },
  { level: RESHARE_LEVEL, isSet: (command) => (attemptIn(command)?.dealers.length ?? 0) > 0 },
];

function attemptIn(command: CommandBody): Attempt | undefined {
  if (command.$case === 'request') return command.value.firstAttempt;
  return command.$case === 'attempt' ? command.value : undefined;
}

/**
 * The bytes of an entry.
 *
 * @param level - What the entry names. The lowest that has the command's kind and fields, unless given; for a request, the
 *   level that the request is read by.
 */
export function encodeCommand(command: CommandBody, level: number = levelOf(command)): Uint8Array {
  return encode(Command, { level, command });
}

/**
 * Reads the payload of an entry by the level that it names. Never throws. A command is void on every build alike if it
 * names a level above the state's, and if it has a kind or a field that the level which it names has not: a build that
 * does not know them cannot read it, so a build that does must not either, or the two would come to different states.
 *
 * @param view - The state that the entry is applied to.
 */
export function readCommand(view: View, payload: Uint8Array): CommandReading {
  const level = levelNamed(payload);
  if (level === undefined) return UNREADABLE;
  // Before it is decoded: what a later level looks like is not for this build to know.
  if (level > readLevel(view)) return ABOVE;
  const command = decode(Command, payload)?.command;
  if (command === undefined || levelOf(command) > level) return UNREADABLE;
  return { ok: true, command, level };
}

/** The lowest level that has the kind and all fields of a command. */
export function levelOf(command: CommandBody, later: readonly LaterField[] = LATER_FIELDS): number {
  const fields = later.filter(({ isSet }) => isSet(command)).map(({ level }) => level);
  return Math.max(KIND_LEVELS[command.$case], ...fields);
}

const UNREADABLE: CommandReading = { ok: false, alarm: 'a command that cannot be read' };
const ABOVE: CommandReading = { ok: false, alarm: "a command above the cluster's level" };
