import type { ParsedGenerateKey } from '../../../state/index.js';
import type { KindDriver } from '../driver.js';
import { generateKeyAnswer } from './answer.js';
import { GenerateKeyLeader } from './leader.js';
import { GenerateKeyParticipant } from './participant.js';

export const generateKeyDriver: KindDriver<ParsedGenerateKey> = {
  participant: (context) => new GenerateKeyParticipant(context),
  leader: (context) => new GenerateKeyLeader(context),
  answer: (context) => generateKeyAnswer(context),
};
