import type { ParsedPrepare } from '../../../state/index.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { KindDriver } from '../driver.js';
import { PrepareLeader } from './leader.js';
import { Preparing } from './participant.js';

export const prepareDriver: KindDriver<ParsedPrepare> = {
  participant: (context) => new SessionRuns(context, new Preparing(context)),
  leader: (context) => new PrepareLeader(context),
};
