import { expect, test } from 'vitest';
import { frozenSpec } from '../../src/config/resolve.ts';

test('what is secret by its name is masked in the copy that is stored with a run, at any depth', () => {
  const facts = { environment: { API_KEY: 'a', region: 'eu', nested: [{ db_password: 'b', authToken: 'c' }] } };
  expect(frozenSpec({ run: { retries: 1 } }, facts)).toEqual({
    version: 1,
    resolved_execution: { retries: 1 },
    sources: { retries: 'run' },
    environment: { API_KEY: '***', region: 'eu', nested: [{ db_password: '***', authToken: '***' }] },
  });
});
