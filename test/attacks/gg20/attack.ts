import type { Edit } from '../../support/patches/edit.js';
import type { AttackCase } from '../case.js';

/** What an attempt came to. */
export type Attempt = {
  /** What stopped it: `2 Pi_bob: t1 is in range` where a party is named, else what was refused. */
  readonly stopped: readonly string[];
  /** What the attacker has got, of the goal of this attack. */
  readonly won?: string;
};

/** A check, and how to take it out of the compiled code. */
export type Removal = Edit & {
  /** Below `dist/src/`, where the check is. */
  readonly file: string;
};

/** One attack, that runs on the code as it is and on a copy without the checks that it stands for. */
export type Gg20Attack = {
  /** Of the table of attacks of {@link file://./rows.ts}. */
  readonly row: number;
  readonly name: string;
  /** The party that is named for it; absent where nobody is at fault who could be named, or nobody else knows. */
  readonly culprit?: number;
  /** What stops it: without the culprit. */
  readonly stopped: string;
  /** Without all of these the attack gets what it is for. */
  readonly removed: readonly Removal[];
  run(): Attempt | Promise<Attempt>;
};

/** A line of the compiled code below `dist/src/gg20`, taken out or replaced. */
export function gg20(file: string, find: string, replace = ''): Removal {
  return { file: `gg20/${file}`, find, replace };
}

/** The same below `dist/src/crypto`. */
export function crypto(file: string, find: string, replace = ''): Removal {
  return { file: `crypto/${file}`, find, replace };
}

export const STOPPED_NOWHERE: readonly string[] = [];

/** The attack was stopped by this. */
export function stoppedBy(...stopped: readonly string[]): Attempt {
  return { stopped };
}

/** Nothing stopped it, and this is what it came to: nothing, where it did not get what it is for. */
export function unstopped(won: string | undefined | false): Attempt {
  return won === undefined || won === false
    ? { stopped: STOPPED_NOWHERE }
    : { stopped: STOPPED_NOWHERE, won };
}

/** The faults of a message as they are compared: `2 Pi_bob: t1 is in range`. */
export function faultTexts(
  faults: readonly { readonly culprit: number; readonly check: string }[],
): readonly string[] {
  return faults.map(({ culprit, check }) => `${culprit} ${check}`);
}

/** What must stop it, as {@link Attempt.stopped} says it. */
export function expectedOf({ culprit, stopped }: Gg20Attack): string {
  return culprit === undefined ? stopped : `${culprit} ${stopped}`;
}

/** Test and case names: `row 4: …`. */
export function titleOf({ row, name }: Gg20Attack): string {
  return `row ${row}: ${name}`;
}

/** What is wrong with an attempt on the code as it is: nothing. */
export function problemsOf(attack: Gg20Attack, { stopped, won }: Attempt): readonly string[] {
  const expected = expectedOf(attack);
  return [
    ...(won === undefined ? [] : [`the attack got ${won}`]),
    ...(stopped.length > 0 && stopped.every((each) => each === expected)
      ? []
      : [`it was stopped by: ${stopped.join(', ') || 'nothing'}`]),
  ];
}

/** The attack as a case of the lane: a party that is named is a culprit there. */
export function caseOf(attack: Gg20Attack): AttackCase {
  const { culprit } = attack;
  return {
    name: `GG20: ${titleOf(attack)}`,
    rows: [],
    expected: culprit === undefined ? [] : [expectedOf(attack)],
    liars: culprit === undefined ? [] : [String(culprit)],
    async run() {
      const attempt = await attack.run();
      const named = culprit === undefined ? [] : attempt.stopped;
      return { named, problems: problemsOf(attack, attempt) };
    },
  };
}
