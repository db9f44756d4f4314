import type { ParsedSign } from '../../../state/index.js';
import type { KindDriver } from '../driver.js';
import { SignAnswer } from './answer.js';
import { SignCombining } from './combining.js';
import { SignLeader } from './leader.js';
import { SignParticipant } from './participant.js';

export const signDriver: KindDriver<ParsedSign> = {
  participant: (context) => new SignParticipant(context),
  leader: (context) => new SignLeader(context),
  combining: (context) => new SignCombining(context),
  answer: (context) => new SignAnswer(context),
};
