/** What can be done with runs. */
import * as z from 'zod';
import { anyJson } from '../../../values/anyJson.ts';
import { Execution, LogEntry } from '../execution.ts';
import { answers, operationFields } from './fields.ts';
import { declareLines, declareOperation } from './operation.ts';

const { cursor, execId, flowName, json, limit, runFilter, runKey, tag, version, text } = operationFields;
const { nothing, page, all } = answers;

const logFilter = {
  exec_id: execId,
  checkpoint: text().exactOptional().describe('Only lines of calls with this name or invocation id.'),
  source: z
    .enum(['step', 'runner'])
    .exactOptional()
    .describe('`step`: lines of calls; `runner`: of the run itself. Both by default.'),
  after: z.int().min(0).exactOptional().describe('Only lines after this `seq`.'),
};

const replayFields = {
  exec_id: execId,
  from: text()
    .exactOptional()
    .describe(
      'The call from which everything is performed anew: its name, invocation id or call id. Needed without overrides.',
    ),
  overrides: z
    .record(z.string(), anyJson())
    .exactOptional()
    .describe(
      'Results that are given instead of the recorded ones, by `checkpoint.<selector>`, `wait.<selector>`, `signal.<selector>` or `child.<selector>`.',
    ),
  encoded: z
    .boolean()
    .exactOptional()
    .describe(
      'In the overrides, dates, maps and other values that JSON does not have are written with a tag, such as `{"$":"date","value":0}`. False by default.',
    ),
  input: z.record(z.string(), anyJson()).exactOptional().describe('Fields of the input that are replaced.'),
};

const Plan = z.object({
  exec_id: z.string(),
  reused: z.array(z.string()).readonly(),
  rerun: z.array(z.string()).readonly(),
  overridden: z.array(z.string()).readonly(),
});

/** The operations of runs, by their names. */
export const executionOperations = {
  'executions.start': declareOperation({
    summary: 'Starts a run of a definition that the server knows, of a deployed version, or of a file.',
    advice:
      'Give exactly one of flow, deployment and file. It returns at once; look at the run again with troupe_executions_get.',
    input: {
      flow: flowName.exactOptional(),
      deployment: text().exactOptional().describe('The name of a deployed flow.'),
      version: version.exactOptional(),
      tag: tag.exactOptional().describe('The tag of the deployed version; `default` by default.'),
      file: text().exactOptional().describe('A file of the server with a definition.'),
      input: json('What the run is given; null when it takes nothing.').default(null),
      key: runKey,
    },
    output: Execution,
    reads: false,
    access: 'client',
    adminFields: ['file'],
    http: { method: 'POST', path: '/v1/executions' },
    tool: 'troupe_executions_run',
    perform: (client, { input, key, ...target }) =>
      client.executions.start(target, input, key === undefined ? {} : { key }),
  }),
  'executions.list': declareOperation({
    summary: 'Lists runs, the newest first, without their calls and artifacts.',
    input: { ...runFilter, limit, cursor },
    output: page(Execution),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions' },
    tool: 'troupe_executions_list',
    perform: (client, query) => client.executions.list(query),
  }),
  'executions.latest': declareOperation({
    summary: 'The newest run that fits.',
    input: runFilter,
    output: Execution,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/latest' },
    tool: 'troupe_executions_latest',
    perform: (client, query) => client.executions.latest(query),
  }),
  'executions.get': declareOperation({
    summary: 'A run with its status, calls, attempts, artifacts, open wait, failure and result.',
    input: { exec_id: execId },
    output: Execution,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions/{exec_id}' },
    tool: 'troupe_executions_get',
    perform: (client, { exec_id }) => client.executions.get(exec_id),
  }),
  'executions.logs': declareOperation({
    summary: 'What happened in a run, line by line.',
    advice: 'Go on with `after`: the `seq` of the last line that you have.',
    input: { ...logFilter, limit: limit.describe('How many at most; 200 by default.') },
    output: all(LogEntry),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions/{exec_id}/logs' },
    tool: 'troupe_executions_logs',
    perform: async (client, { exec_id, ...query }) => ({ items: await client.executions.logs(exec_id, query) }),
  }),
  'executions.follow': declareLines({
    summary: 'What happens in a run, as it happens, until the run has ended.',
    input: logFilter,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions/{exec_id}/events' },
    tool: null,
    perform: (client, { exec_id, ...query }, signal) => client.executions.follow(exec_id, query, signal),
  }),
  'executions.signal': declareOperation({
    summary: 'Sends a value to a run that waits for a signal of this name, or will.',
    input: {
      exec_id: execId,
      name: text().describe('The name of the signal.'),
      value: json('The value; null by default.').default(null),
    },
    output: nothing,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/signals/{name}' },
    tool: 'troupe_executions_signal',
    perform: async (client, { exec_id, name, value }) => (await client.executions.signal(exec_id, name, value), {}),
  }),
  'executions.retry': declareOperation({
    summary: 'Goes on with a run that failed, at the call that failed; results before it are kept.',
    input: { exec_id: execId },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/retry' },
    tool: 'troupe_executions_retry',
    perform: (client, { exec_id }) => client.executions.retry(exec_id),
  }),
  'executions.resume': declareOperation({
    summary: 'Goes on with a run that was paused, or that no process has.',
    input: { exec_id: execId },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/resume' },
    tool: 'troupe_executions_resume',
    perform: (client, { exec_id }) => client.executions.resume(exec_id),
  }),
  'executions.pause': declareOperation({
    summary: 'Lets a run finish what it does and begin nothing new, until it is resumed.',
    input: { exec_id: execId },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/pause' },
    tool: 'troupe_executions_pause',
    perform: (client, { exec_id }) => client.executions.pause(exec_id),
  }),
  'executions.plan': declareOperation({
    summary: 'What a replay would take from a run, and what it would perform anew. Nothing is started.',
    advice: 'Call it before troupe_executions_replay with the same operationFields.',
    input: replayFields,
    output: Plan,
    reads: true,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/plan' },
    tool: 'troupe_executions_plan',
    perform: (client, { exec_id, ...options }) => client.executions.plan(exec_id, options),
  }),
  'executions.replay': declareOperation({
    summary:
      'Begins a new run with the results of another one up to a call, and performs the rest anew. The other run stays as it is.',
    input: { ...replayFields, key: runKey },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/replay' },
    tool: 'troupe_executions_replay',
    perform: (client, { exec_id, ...options }) => client.executions.replay(exec_id, options),
  }),
  'executions.cancel': declareOperation({
    summary: 'Ends a run; its calls are told to stop.',
    input: { exec_id: execId, reason: text().exactOptional().describe('Why, for the record.') },
    output: Execution,
    reads: false,
    destroys: true,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/cancel' },
    tool: 'troupe_executions_cancel',
    perform: (client, { exec_id, ...options }) => client.executions.cancel(exec_id, options),
  }),
  'executions.diff': declareOperation({
    summary: 'How two runs differ: their calls, results and durations.',
    input: { exec_id: execId, other: execId.describe('The id of the other run.') },
    output: z.record(z.string(), anyJson()),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions/{exec_id}/diff/{other}' },
    tool: 'troupe_executions_diff',
    perform: (client, { exec_id, other }) => client.executions.diff(exec_id, other),
  }),
  'executions.prune': declareOperation({
    summary: 'Deletes runs that ended long ago, with all data that only they refer to.',
    input: { olderThan: z.string().describe('How long ago they ended, such as `30d`.') },
    output: z.object({ runs: z.number() }),
    reads: false,
    destroys: true,
    access: 'admin',
    http: { method: 'POST', path: '/v1/prune' },
    tool: 'troupe_executions_prune',
    perform: (client, options) => client.executions.prune(options),
  }),
};
