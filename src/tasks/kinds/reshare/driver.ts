import type { ParsedRefresh, ParsedReshare } from '../../../state/index.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { KindDriver } from '../driver.js';
import { reshareAnswer } from './answer.js';
import { ReshareLeader } from './leader.js';
import { Resharing } from './participant.js';

/** A requester asks for a key's next version, and waits for it. */
export const reshareDriver: KindDriver<ParsedReshare> = {
  participant: (context) => new SessionRuns(context, new Resharing(context)),
  leader: (context) => new ReshareLeader(context),
  answer: (context) => reshareAnswer(context),
};

/** The cluster asks for it itself. */
export const refreshDriver: KindDriver<ParsedRefresh> = {
  participant: (context) => new SessionRuns(context, new Resharing(context)),
  leader: (context) => new ReshareLeader(context),
};
