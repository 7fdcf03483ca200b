/** What can be done with questions that wait for a person. */
import { Execution, PendingWait } from '../execution.ts';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { answeredBy, execId, json, waitName, text } = operationFields;
const { all } = answers;

/** The operations of waits, by their names. */
export const waitOperations = {
  'executions.pendingWaits': declareOperation({
    summary: 'Lists the questions that are open, with the JSON Schema of their answers.',
    input: { exec_id: execId.exactOptional().describe('Only those of this run; of all runs by default.') },
    output: all(PendingWait),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/waits' },
    tool: 'troupe_waits_list',
    perform: async (client, { exec_id }) => ({ items: await client.executions.pendingWaits(exec_id) }),
  }),
  'executions.input': declareOperation({
    summary:
      'Answers a question of a run. A value that does not fit its schema is refused, and the question stays open.',
    advice: 'Look at its schema with troupe_waits_list first. Do not answer for a person who was not asked.',
    input: {
      exec_id: execId,
      wait: waitName,
      value: json('The answer, which fits the schema of the wait.'),
      by: answeredBy,
    },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/input' },
    tool: 'troupe_executions_input',
    perform: (client, { exec_id, ...answer }) => client.executions.input(exec_id, answer),
  }),
  'executions.abortWait': declareOperation({
    summary: 'Withdraws a question, which ends its run as cancelled.',
    input: {
      exec_id: execId,
      wait: waitName,
      reason: text().exactOptional().describe('Why, for the record.'),
      by: answeredBy,
    },
    output: Execution,
    reads: false,
    destroys: true,
    access: 'client',
    http: { method: 'POST', path: '/v1/executions/{exec_id}/abort-wait' },
    tool: 'troupe_executions_abort_wait',
    perform: (client, { exec_id, ...options }) => client.executions.abortWait(exec_id, options),
  }),
};
