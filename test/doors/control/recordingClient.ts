/** A client that remembers what it was asked, and answers with samples. */
import type { TroupeClient } from '../../../src/contracts/client/client.ts';
import type { DeadLetterInfo } from '../../../src/contracts/client/deadLetters.ts';
import type { ScheduleInfo } from '../../../src/contracts/client/schedules.ts';
import type { ArtifactInfo, Execution, LogEntry, PendingWait } from '../../../src/contracts/client/execution.ts';

export const sampleRun: Execution = {
  exec_id: 'r1',
  flow_name: 'greet',
  kind: 'flow',
  status: 'completed',
  started_at: 1,
  ended_at: 2,
  metadata: {},
  result: 'hello',
  checkpoint_count: 0,
  artifact_count: 0,
  checkpoints: [],
  artifacts: [],
};
export const sampleWait: PendingWait = {
  wait_id: 'r1/ok',
  exec_id: 'r1',
  name: 'ok',
  question: 'Is it good?',
  schema: { type: 'boolean' },
  metadata: {},
  entered_waiting_at: 1,
};
export const sampleArtifact: ArtifactInfo = {
  artifact_id: 'r1/draft/output',
  exec_id: 'r1',
  name: 'output',
  kind: null,
  save_type: 'step_output',
  producing_call: 'draft',
  tags: [],
  hash: 'ab',
  bytes: 7,
  created_at: 1,
  loaded_by: [],
};
const sampleLetter: DeadLetterInfo = {
  letter_id: 'agent/r1/3/0',
  exec_id: 'r1',
  kept_by: 'agent/r1',
  type: 'note',
  from: 'agent/r1',
  to: 'agent/gone',
  body: { text: 'hi' },
  died_at: 1,
  failure: { kind: 'unknown_recipient', message: 'There is no actor agent/gone.', retryable: false },
  settled: { how: 'redriven', at: 2, by: 'ada', message_id: 'agent/r1/3/0/again-1' },
};
export const line = (seq: number): LogEntry => ({
  seq,
  timestamp: seq,
  level: 'info',
  source: 'runner',
  message: `line ${seq}`,
});
const deployment = {
  flow: 'greet',
  version: 1,
  tags: ['default'],
  exclusive_tags: ['default'],
  created_at: 1,
  hash: 'ab',
};
const secret = { name: 'openai', keys: ['API_KEY'], private: true, created_at: 1, updated_at: 1 };
const schedule: ScheduleInfo = {
  name: 'daily',
  cron: '0 9 * * *',
  timezone: 'UTC',
  deployment: 'greet',
  input: null,
  overlap: 'skip',
  backfill: 'none',
  paused: false,
  created_at: 1,
  next: 2,
  runs: [],
  queued: 0,
};
const token = { name: 'ci', created_at: 1, token: 'troupe_ci.secret' };

export type Call = readonly [name: string, ...args: unknown[]];

export interface Recording {
  readonly client: TroupeClient;
  /** What was asked, without arguments that are `undefined` at the end. */
  readonly calls: Call[];
}

/** `replaced`: parts that a test writes itself. */
export function recordingClient(
  replaced: { readonly [Group in 'executions' | 'artifacts' | 'secrets']?: Partial<TroupeClient[Group]> } = {},
): Recording {
  const calls: Call[] = [];
  const asked =
    <Args extends readonly unknown[], Answer>(name: string, answer: Answer) =>
    async (...args: Args): Promise<Answer> => {
      record(name, args);
      return answer;
    };
  const record = (name: string, args: readonly unknown[]) =>
    void calls.push([name, ...args.filter((arg) => arg !== undefined && !(arg instanceof AbortSignal))]);
  const ran = (method: string) => asked(`executions.${method}`, sampleRun);
  const client: TroupeClient = {
    executions: {
      start: ran('start'),
      get: ran('get'),
      list: asked('executions.list', { items: [sampleRun], next: 'c2' }),
      latest: ran('latest'),
      logs: asked('executions.logs', [line(1)]),
      async *follow(...args) {
        record('executions.follow', args);
        yield line(1);
        yield line(2);
      },
      pendingWaits: asked('executions.pendingWaits', [sampleWait]),
      input: ran('input'),
      abortWait: ran('abortWait'),
      signal: asked('executions.signal', undefined),
      retry: ran('retry'),
      resume: ran('resume'),
      pause: ran('pause'),
      plan: asked('executions.plan', { exec_id: 'r1', reused: ['a'], rerun: ['b'], overridden: [] }),
      replay: ran('replay'),
      cancel: ran('cancel'),
      diff: asked('executions.diff', { same: true }),
      prune: asked('executions.prune', { runs: 3 }),
      ...replaced.executions,
    },
    artifacts: {
      list: asked('artifacts.list', { items: [sampleArtifact] }),
      get: asked('artifacts.get', { ...sampleArtifact, value: 'a draft', value_format: 'text' as const }),
      async *read(...args) {
        record('artifacts.read', args);
        yield new TextEncoder().encode('a ');
        yield new TextEncoder().encode('draft');
      },
      ...replaced.artifacts,
    },
    deadLetters: {
      list: asked('deadLetters.list', [sampleLetter]),
      get: asked('deadLetters.get', sampleLetter),
      redrive: asked('deadLetters.redrive', sampleLetter),
      drop: asked('deadLetters.drop', sampleLetter),
    },
    deployments: {
      list: asked('deployments.list', { items: [deployment] }),
      get: asked('deployments.get', deployment),
      create: asked('deployments.create', deployment),
      invoke: asked('deployments.invoke', sampleRun),
      tag: asked('deployments.tag', deployment),
      untag: asked('deployments.untag', deployment),
      delete: asked('deployments.delete', undefined),
    },
    schedules: {
      list: asked('schedules.list', [schedule]),
      get: asked('schedules.get', schedule),
      create: asked('schedules.create', schedule),
      pause: asked('schedules.pause', schedule),
      resume: asked('schedules.resume', schedule),
      start: asked('schedules.start', sampleRun),
      delete: asked('schedules.delete', undefined),
    },
    secrets: {
      create: asked('secrets.create', secret),
      list: asked('secrets.list', { items: [secret] }),
      delete: asked('secrets.delete', undefined),
      ...replaced.secrets,
    },
    auth: {
      create: asked('auth.create', token),
      list: asked('auth.list', [{ name: 'ci', created_at: 1 }]),
      rotate: asked('auth.rotate', token),
      delete: asked('auth.delete', undefined),
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { client, calls };
}

const newSchedule = {
  cron: '0 9 * * *',
  deployment: 'greet@prod',
  timezone: 'Europe/Berlin',
  input: { who: 'ada' },
  overlap: 'queue',
  backfill: 'last',
} as const;

/** Every method with arguments that use all of its fields, as a caller writes them. */
export const everyCall: readonly (readonly [
  name: string,
  call: (client: TroupeClient) => unknown,
  args: readonly unknown[],
])[] = [
  [
    'executions.start',
    (c) => c.executions.start({ deployment: 'greet', tag: 'prod' }, { who: 'ada' }, { key: 'k' }),
    [{ deployment: 'greet', tag: 'prod' }, { who: 'ada' }, { key: 'k' }],
  ],
  ['executions.get', (c) => c.executions.get('a b/ü'), ['a b/ü']],
  [
    'executions.list',
    (c) => c.executions.list({ flow: 'greet', status: 'failed', limit: 5, cursor: 'c' }),
    [{ flow: 'greet', status: 'failed', limit: 5, cursor: 'c' }],
  ],
  ['executions.latest', (c) => c.executions.latest({ status: 'waiting' }), [{ status: 'waiting' }]],
  [
    'executions.logs',
    (c) => c.executions.logs('r1', { checkpoint: 'a', source: 'step', after: 3, limit: 9 }),
    ['r1', { checkpoint: 'a', source: 'step', after: 3, limit: 9 }],
  ],
  ['executions.follow', (c) => c.executions.follow('r1', { after: 0 }), ['r1', { after: 0 }]],
  ['executions.pendingWaits', (c) => c.executions.pendingWaits('r1'), ['r1']],
  [
    'executions.input',
    (c) => c.executions.input('r1', { wait: 'ok', value: [null, 1.5], by: 'ada' }),
    ['r1', { wait: 'ok', value: [null, 1.5], by: 'ada' }],
  ],
  [
    'executions.abortWait',
    (c) => c.executions.abortWait('r1', { wait: 'ok', reason: 'no', by: 'ada' }),
    ['r1', { wait: 'ok', reason: 'no', by: 'ada' }],
  ],
  ['executions.signal', (c) => c.executions.signal('r1', 'go', false), ['r1', 'go', false]],
  ['executions.retry', (c) => c.executions.retry('r1'), ['r1']],
  ['executions.resume', (c) => c.executions.resume('r1'), ['r1']],
  ['executions.pause', (c) => c.executions.pause('r1'), ['r1']],
  [
    'executions.plan',
    (c) => c.executions.plan('r1', { from: 'b', input: { who: 'eve' } }),
    ['r1', { from: 'b', input: { who: 'eve' } }],
  ],
  [
    'executions.replay',
    (c) => c.executions.replay('r1', { from: 'b', overrides: { 'wait.ok': true }, encoded: true, key: 'k' }),
    ['r1', { from: 'b', overrides: { 'wait.ok': true }, encoded: true, key: 'k' }],
  ],
  ['executions.cancel', (c) => c.executions.cancel('r1', { reason: 'late' }), ['r1', { reason: 'late' }]],
  ['executions.diff', (c) => c.executions.diff('r1', 'r2'), ['r1', 'r2']],
  ['executions.prune', (c) => c.executions.prune({ olderThan: '30d' }), [{ olderThan: '30d' }]],
  [
    'artifacts.list',
    (c) => c.artifacts.list('r1', { name: 'n', kind: 'blob', producing_call: 'a', limit: 2, cursor: 'c' }),
    ['r1', { name: 'n', kind: 'blob', producing_call: 'a', limit: 2, cursor: 'c' }],
  ],
  ['artifacts.get', (c) => c.artifacts.get('r1/draft/output'), ['r1/draft/output']],
  ['artifacts.read', (c) => c.artifacts.read('r1/draft/output'), ['r1/draft/output']],
  [
    'deadLetters.list',
    (c) => c.deadLetters.list({ exec_id: 'r1', all: true, limit: 2 }),
    [{ exec_id: 'r1', all: true, limit: 2 }],
  ],
  ['deadLetters.get', (c) => c.deadLetters.get('agent/r1/3/0'), ['agent/r1/3/0']],
  ['deadLetters.redrive', (c) => c.deadLetters.redrive('agent/r1/3/0', { by: 'ada' }), ['agent/r1/3/0', { by: 'ada' }]],
  [
    'deadLetters.drop',
    (c) => c.deadLetters.drop('agent/r1/3/0', { reason: 'stale', by: 'ada' }),
    ['agent/r1/3/0', { reason: 'stale', by: 'ada' }],
  ],
  ['deployments.list', (c) => c.deployments.list({ flow: 'greet', limit: 3 }), [{ flow: 'greet', limit: 3 }]],
  ['deployments.get', (c) => c.deployments.get('greet', { version: 2 }), ['greet', { version: 2 }]],
  [
    'deployments.create',
    (c) => c.deployments.create('greet.ts', { name: 'greet', tags: ['a'], exclusive: true, input: { who: 'x' } }),
    ['greet.ts', { name: 'greet', tags: ['a'], exclusive: true, input: { who: 'x' } }],
  ],
  [
    'deployments.invoke',
    (c) => c.deployments.invoke('greet', 7, { tag: 'prod', key: 'k' }),
    ['greet', 7, { tag: 'prod', key: 'k' }],
  ],
  [
    'deployments.tag',
    (c) => c.deployments.tag('greet', 2, 'prod', { exclusive: true }),
    ['greet', 2, 'prod', { exclusive: true }],
  ],
  ['deployments.untag', (c) => c.deployments.untag('greet', 2, 'a'), ['greet', 2, 'a']],
  ['deployments.delete', (c) => c.deployments.delete('greet', 2), ['greet', 2]],
  [
    'secrets.create',
    (c) => c.secrets.create('openai', { API_KEY: 'x' }, { private: false }),
    ['openai', { API_KEY: 'x' }, { private: false }],
  ],
  ['secrets.list', (c) => c.secrets.list({ limit: 4 }), [{ limit: 4 }]],
  ['secrets.delete', (c) => c.secrets.delete('openai'), ['openai']],
  ['schedules.list', (c) => c.schedules.list(), []],
  ['schedules.get', (c) => c.schedules.get('daily'), ['daily']],
  ['schedules.create', (c) => c.schedules.create('daily', newSchedule), ['daily', newSchedule]],
  ['schedules.pause', (c) => c.schedules.pause('daily'), ['daily']],
  ['schedules.resume', (c) => c.schedules.resume('daily'), ['daily']],
  ['schedules.start', (c) => c.schedules.start('daily'), ['daily']],
  ['schedules.delete', (c) => c.schedules.delete('daily'), ['daily']],
  ['auth.create', (c) => c.auth.create('ci', { expiresIn: '30d' }), ['ci', { expiresIn: '30d' }]],
  ['auth.list', (c) => c.auth.list(), []],
  ['auth.rotate', (c) => c.auth.rotate('ci', { keepFor: '15m' }), ['ci', { keepFor: '15m' }]],
  ['auth.delete', (c) => c.auth.delete('ci'), ['ci']],
];

/** What a call gives: of a stream, all of its parts. */
export async function settled(called: unknown): Promise<unknown> {
  if (typeof called !== 'object' || called === null || !(Symbol.asyncIterator in called)) return called;
  const parts: unknown[] = [];
  for await (const part of called as AsyncIterable<unknown>) parts.push(part);
  return parts.every((part) => part instanceof Uint8Array) ? Buffer.concat(parts).toString() : parts;
}
