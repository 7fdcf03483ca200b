/** The response to a request for a run: the run's status, as JSON that any client can read. */
import * as z from 'zod';
import { AgentUsage } from '../contracts/agent.ts';
import { Failure } from '../values/failure.ts';

const run = z.string().meta({ description: 'The key under which the run can be asked for again.' });
const usage = AgentUsage.optional();

/** A question that a person must answer before the run can go on. */
const Ticket = z.object({
  id: z.string(),
  run: z.string(),
  question: z.string(),
  subject: z.json().meta({ description: 'What exactly is asked about: a tool, its arguments and their hash.' }),
  schema: z.record(z.string(), z.json()).meta({ description: 'JSON Schema of the answer.' }),
  deadline: z.number().meta({ description: 'Milliseconds since the epoch.' }),
  since: z.number(),
  answered: z.boolean(),
});

/** The response, by `status`. These values go over the wire. */
export const RunResponse = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done'), run, output: z.json(), usage }),
  z.object({ status: z.literal('failed'), run, failure: Failure, partial: z.json().optional(), usage }),
  z.object({ status: z.literal('cancelled'), run, reason: z.string(), partial: z.json().optional(), usage }),
  z
    .object({ status: z.literal('waiting'), run, tickets: z.array(Ticket) })
    .meta({ description: 'Only a person can move it on. Ask again under its key when they have.' }),
  z.object({ status: z.literal('active'), run }).meta({
    description:
      'It goes on; what a question with Troupe-Detach is answered with, and one whose Troupe-Patience is over.',
  }),
  z.object({ status: z.literal('large'), run, bytes: z.number() }).meta({
    description:
      'The answer has more bytes than a message may have. Ask for it in parts, with Troupe-Key and Troupe-Offset.',
  }),
  z
    .object({ status: z.literal('parked'), run, failure: Failure.optional() })
    .meta({ description: 'It is between two nodes. Ask again under its key.' }),
  z.object({ status: z.literal('refused'), failure: Failure }).meta({
    description:
      'Nothing was started: the input does not fit, the key is that of another run, or there is no room (retryable).',
  }),
]);
export type RunResponse = z.infer<typeof RunResponse>;
