import { expect, test } from '@jest/globals';
import { parseEndpoint } from '../../../src/client/endpoint.js';

test.each([
  ['node-1.example.com:7400', 'node-1.example.com', 7400, 'node-1.example.com'],
  ['localhost:1', 'localhost', 1, 'localhost'],
  [' 10.0.0.1:7400 ', '10.0.0.1', 7400, undefined],
  ['[::1]:65535', '::1', 65_535, undefined],
])('the endpoint "%s" is read', (text, host, port, serverName) => {
  expect(parseEndpoint(text)).toEqual({ text: text.trim(), host, port, serverName });
});

test.each([
  ['localhost', /names no port/],
  ['10.0.0.1', /names no port/],
  ['http://localhost:7400', /leave out what stands before the host/],
  ['https://localhost:7400/x', /leave out what stands before the host/],
  ['dns:///localhost:7400', /leave out what stands before the host/],
  ['unix:/tmp/socket', /leave out what stands before the host/],
  ['localhost:7400/x', /names no port/],
  ['localhost:0', /from 1 to 65535/],
  ['localhost:65536', /from 1 to 65535/],
  ['localhost:http', /names no port/],
  ['::1', /in brackets/],
  ['::1:7400', /in brackets/],
  ['[fe80::1%eth0]:7400', /zone ids/],
  ['[localhost]:7400', /only an IPv6 address/],
  [':7400', /names no host/],
  ['a b:7400', /names no host/],
  ['', /names no port/],
  [7400, /not text/],
])('the endpoint "%s" is refused with what to write', (text, words) => {
  const refused = expect.objectContaining({ code: 'invalid-request', reason: 'INVALID_ENDPOINT' });
  expect(() => parseEndpoint(text)).toThrow(refused);
  expect(() => parseEndpoint(text)).toThrow(words);
  expect(() => parseEndpoint(text)).toThrow(/An endpoint is host:port, for example/);
});
