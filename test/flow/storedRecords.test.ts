/** Records are read as they were recorded, in the short form in which they are stored and in that of earlier versions. */
import { expect, test } from 'vitest';
import type { FlowCallRecord, FlowRecord } from '../../src/contracts/flow/record.ts';
import { recordsOf, storedRecords } from '../../src/flow/storedRecords.ts';
import type { Json } from '../../src/values/json.ts';

const call = (over: Partial<FlowCallRecord>): FlowCallRecord => ({
  record: 'call',
  id: 'step',
  kind: 'checkpoint',
  n: 0,
  at: 1_700_000_000_000,
  ms: 0,
  outcome: { ok: true, output: 7 },
  ...over,
});
const failure = { kind: 'tool', message: 'No.', retryable: false } as const;

/** Every field: one that is added to calls and forgotten here does not compile, and one that is not stored is missed. */
const whole: Required<FlowCallRecord> = {
  record: 'call',
  id: 'outer/step',
  name: 'other',
  kind: 'wait',
  type: 'tool',
  scope: 'outer',
  n: 3,
  after: 'before',
  waitedFor: ['a'],
  input: 'hash',
  at: 5,
  ms: 6,
  time: 7,
  metadata: { pages: 3 },
  from: 'replay',
  cause: 'inner',
  loaded: ['run/artifact'],
  cleanUp: true,
  outcome: { ok: true, output: 1 },
};

const records: FlowRecord[] = [
  whole,
  call({}),
  call({ id: 'step_2', name: 'step', n: 1, after: 'step', ms: 12 }),
  call({ id: 'step_2' }),
  call({ id: 'step_2', name: 'other' }),
  call({ id: 'mine', name: 'step' }),
  call({ id: 'outer/step_12', name: 'step', scope: 'outer' }),
  call({ id: 'outer/step', name: 'step', scope: 'outer' }),
  call({ id: 'a\n_2', name: 'a\n' }),
  call({ id: 'ask', kind: 'wait', type: 'question', waitedFor: ['step'], input: 'h', loaded: ['x'], from: 'cache' }),
  call({ outcome: { ok: true, output: null } }),
  call({ outcome: { ok: true, output: ['date', 5], encoded: true }, metadata: { pages: 3 } }),
  call({ outcome: { ok: false, failure } }),
  { record: 'attempt', id: 'step', attempt: 1, at: 1, ms: 2, failure, next: 3 },
  { record: 'log', at: 1, data: { i: 'no call' } },
  { record: 'failed', at: 2, failure },
];

test('records are read as they were recorded', () => {
  const stored = JSON.parse(JSON.stringify(storedRecords(records))) as Json;
  expect(recordsOf(stored)).toEqual(records);
});

test('records of earlier versions are read', () => {
  expect(recordsOf(JSON.parse(JSON.stringify(records)) as Json)).toEqual(records);
});

test('a call that gave a number takes at most seventy characters, beside its own id and that of the one before', () => {
  const record = call({ id: 'step_17', name: 'step', n: 16, after: 'step_16', outcome: { ok: true, output: 17 } });
  expect(JSON.stringify(storedRecords([record])).length).toBeLessThanOrEqual(70);
});
