import { systemRandom } from '../../src/machine/index.js';
import { Rng } from '../simulation/rng.js';
import { seededRandom } from '../support/builders/frost-exchange.js';
import { randomSuite } from './random-suite.js';

randomSuite('system', systemRandom);
randomSuite('simulated', new Rng(1, 'contract'));
randomSuite('seeded', seededRandom(1));
