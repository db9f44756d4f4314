import type { ParsedSign } from '../../../state/index.js';
import type { KindDriver } from '../driver.js';
import { SignAnswer } from './answer.js';
import { SignLeader } from './leader.js';
import { SignParticipant } from './participant.js';

export const signDriver: KindDriver<ParsedSign> = {
  participant: (context) => new SignParticipant(context),
  leader: (context) => new SignLeader(context),
  answer: (context) => new SignAnswer(context),
};
