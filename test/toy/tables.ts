import { KIND_JUDGES } from '../../src/blame/index.js';
import type { Build } from '../../src/node/builds.js';
import { TASK_KINDS } from '../../src/state/index.js';
import { TASK_DRIVERS } from '../../src/tasks/index.js';
import type { KindDriver } from '../../src/tasks/kinds/driver.js';
import { SessionRuns } from '../../src/tasks/participant/session-runs.js';
import { toyJudge } from './judge.js';
import { ToyCombining } from './combining.js';
import { ToyLeader } from './leader.js';
import { Drawing } from './participant.js';
import type { ToyTap } from './participant.js';
import { toyRules } from './rules.js';
import type { ParsedToy } from './rules.js';

/** How a node of a test has the toy kind. */
export type ToySetting = ToyTap & {
  /** A mistake, which the tests plant. */
  readonly isOneEnough?: boolean;
};

/** What a node does about toys. */
export function toyDriver(setting: ToySetting = {}): KindDriver<ParsedToy> {
  return {
    participant: (context) => new SessionRuns(context, new Drawing(context, setting)),
    leader: (context) => new ToyLeader(context),
    combining: (context) => new ToyCombining(context, setting.isOneEnough),
  };
}

/** The tables of this build, and a line for the toy in each. */
export function toyTables(setting: ToySetting = {}): Build['kinds'] {
  return {
    rules: { ...TASK_KINDS, toy: toyRules(setting.isOneEnough) },
    judges: { ...KIND_JUDGES, toy: toyJudge },
    drivers: { ...TASK_DRIVERS, toy: toyDriver(setting) },
  };
}
