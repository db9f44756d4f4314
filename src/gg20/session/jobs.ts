import { beginSessionJob } from './begin.js';
import {
  checkDeltasJob,
  checkOpening5Job,
  checkOpening7Job,
  checkSigmasJob,
  open5Job,
  open7Job,
} from './blame-jobs.js';
import {
  answerNonceJob,
  openNonceJob,
  proveNonceJob,
  sumProductsJob,
  takeAnswerJob,
} from './nonce-jobs.js';
import {
  checkRbJob,
  checkSJob,
  checkSumsJob,
  commonNonceJob,
  proveRbJob,
  showSJob,
} from './point-jobs.js';
import { interactiveShareJob, onlineShareJob } from './share-jobs.js';

/** Every job of signing sessions, for the threads that compute them. */
export const GG20_SIGNING_JOBS = [
  beginSessionJob,
  openNonceJob,
  proveNonceJob,
  answerNonceJob,
  takeAnswerJob,
  sumProductsJob,
  checkSumsJob,
  commonNonceJob,
  proveRbJob,
  checkRbJob,
  showSJob,
  checkSJob,
  open5Job,
  open7Job,
  checkOpening5Job,
  checkOpening7Job,
  checkDeltasJob,
  checkSigmasJob,
  interactiveShareJob,
  onlineShareJob,
] as const;
