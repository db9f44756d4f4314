import { expect, test } from '@jest/globals';
import { SessionFailures } from '../../../../../src/tasks/kinds/sign/session-failures.js';

test('after 8 unexplained failures a version signs one at a time, and after 32 not at all', () => {
  const failures = new SessionFailures();
  const seen: string[] = [];
  for (let at = 0; at < 33; at++) {
    seen.push(failures.standing('key/1'));
    failures.failed('key/1');
  }
  expect(seen.slice(0, 8)).toEqual(Array<string>(8).fill('free'));
  expect(seen.slice(8, 32)).toEqual(Array<string>(24).fill('one-at-a-time'));
  expect(seen[32]).toBe('ended');
});

test('failures of one version are no other’s', () => {
  const failures = new SessionFailures();
  for (let at = 0; at < 40; at++) failures.failed('key/1');
  expect([failures.standing('key/2'), failures.standing('other/1')]).toEqual(['free', 'free']);
});
