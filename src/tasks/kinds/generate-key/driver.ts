import type { ParsedGenerateKey } from '../../../state/index.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { KindDriver } from '../driver.js';
import { generateKeyAnswer } from './answer.js';
import { GenerateKeyLeader } from './leader.js';
import { KeyGeneration } from './participant.js';

export const generateKeyDriver: KindDriver<ParsedGenerateKey> = {
  participant: (context) => new SessionRuns(context, new KeyGeneration(context)),
  leader: (context) => new GenerateKeyLeader(context),
  answer: (context) => generateKeyAnswer(context),
};
