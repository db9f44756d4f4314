import type { ParsedPresign } from '../../../state/index.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { KindDriver } from '../driver.js';
import { PresignCombining } from './combining.js';
import { PresignLeader } from './leader.js';
import { Presigning } from './participant.js';

export const presignDriver: KindDriver<ParsedPresign> = {
  participant: (context) => new SessionRuns(context, new Presigning(context)),
  leader: (context) => new PresignLeader(context),
  combining: (context) => new PresignCombining(context),
};
