import { systemClock } from '../../src/machine/index.js';
import { MachineClock } from '../simulation/clock.js';
import { Trace } from '../simulation/trace.js';
import { World } from '../simulation/world.js';
import { clockSuite } from './clock-suite.js';

clockSuite('system', () => ({
  clock: systemClock,
  pass: (ms) => new Promise((resolve) => void systemClock.after(ms, resolve)),
}));

clockSuite('simulated', () => {
  const world = new World(new Trace());
  const machine = new MachineClock(() => world.now(), 500, 1);
  return {
    clock: machine.port((atMs, run) => world.after(atMs - world.now(), 'timer', run)),
    pass: (ms) => world.run(world.now() + ms, () => false).then(() => undefined),
  };
});
