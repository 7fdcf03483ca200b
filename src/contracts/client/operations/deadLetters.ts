/** What can be done with dead letters. */
import * as z from 'zod';
import { DeadLetterInfo } from '../deadLetters.ts';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { answeredBy, execId, limit, text } = operationFields;
const { all } = answers;

const letterId = text().describe('The id of the dead letter, as lists give it.');

/** The operations of dead letters, by their names. */
export const deadLetterOperations = {
  'deadLetters.list': declareOperation({
    summary: 'Lists dead letters, newest first: messages that no actor accepted, with the reason.',
    input: {
      exec_id: execId.exactOptional().describe('Only those of this run; of all runs by default.'),
      all: z.boolean().exactOptional().describe('Those that were sent again or dropped, too; false by default.'),
      limit,
    },
    output: all(DeadLetterInfo),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/dead-letters' },
    tool: 'troupe_dead_letters_list',
    perform: async (client, query) => ({ items: await client.deadLetters.list(query) }),
  }),
  'deadLetters.get': declareOperation({
    summary: 'A dead letter, with what was done with it.',
    input: { letter_id: letterId },
    output: DeadLetterInfo,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/dead-letters/{letter_id}' },
    tool: 'troupe_dead_letters_get',
    perform: (client, { letter_id }) => client.deadLetters.get(letter_id),
  }),
  'deadLetters.redrive': declareOperation({
    summary: 'Sends a dead letter again, once, as a new message to the same actor.',
    advice: 'Look at its failure with troupe_dead_letters_get first: what has not changed since fails again.',
    input: { letter_id: letterId, by: answeredBy },
    output: DeadLetterInfo,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/dead-letters/{letter_id}/redrive' },
    tool: 'troupe_dead_letters_redrive',
    perform: (client, { letter_id, ...options }) => client.deadLetters.redrive(letter_id, options),
  }),
  'deadLetters.drop': declareOperation({
    summary: 'Marks a dead letter as dropped, so that lists leave it out. Nothing is deleted.',
    input: {
      letter_id: letterId,
      reason: text().exactOptional().describe('Why, for the record.'),
      by: answeredBy,
    },
    output: DeadLetterInfo,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/dead-letters/{letter_id}/drop' },
    tool: 'troupe_dead_letters_drop',
    perform: (client, { letter_id, ...options }) => client.deadLetters.drop(letter_id, options),
  }),
};
