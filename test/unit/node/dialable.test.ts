import { expect, test } from '@jest/globals';
import { dialable } from '../../../src/node/dialable.js';

test.each(['0.0.0.0:7401', '[::]:7401', '[0:0:0:0:0:0:0:0]:7401', '0:7401', ':7401'])(
  'a node that listens at %s gives no address to dial',
  (listens) => {
    expect(dialable(listens)).toBeUndefined();
  },
);

test.each(['10.0.0.1:7401', '127.0.0.1:1', '[::1]:7401', '[fd00::]:7401', 'a.example.org:7401'])(
  'a node that listens at %s can be dialled there',
  (listens) => {
    expect(dialable(listens)).toBe(listens);
  },
);
