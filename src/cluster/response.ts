/** The response to a request for a run: the run's status, as JSON that any client can read. */
import * as z from 'zod';
import { AgentUsage } from '../contracts/agent.ts';
import { Failure } from '../values/failure.ts';

const run = z.string().meta({ description: 'The key under which the run can be asked for again.' });
const usage = AgentUsage.optional();

/** A question that a person must answer before the run can go on. */
const Ticket = z.object({
  /** The address of the actor that waits; answer the ticket under it. */
  id: z.string(),
  /** The key of the run that waits. */
  run: z.string(),
  /** What a person is asked, in words. */
  question: z.string(),
  /** What exactly is asked about: a tool, its arguments and their hash. */
  subject: z.json().meta({ description: 'What exactly is asked about: a tool, its arguments and their hash.' }),
  /** JSON Schema that the answer must fit. */
  schema: z.record(z.string(), z.json()).meta({ description: 'JSON Schema of the answer.' }),
  /** When it expires, in milliseconds since the epoch. */
  deadline: z.number().meta({ description: 'Milliseconds since the epoch.' }),
  /** When it was opened, in milliseconds since the epoch. */
  since: z.number(),
  /** True when it was answered, and the run has not yet processed that. */
  answered: z.boolean(),
});

/** A signal that a flow waits for. */
const Signal = z.object({
  /** The flow: the root of the run, or a child of it. */
  actor: z.string(),
  /** The key of the run that waits. */
  run: z.string(),
  /** The name of the signal. */
  name: z.string(),
});

/** The response, by `status`. These values go over the wire. */
export const RunResponse = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('done'),
    /** The key of the run. */
    run,
    /** The result of the run. */
    output: z.json(),
    /** What the run used up; absent for machines of users. */
    usage,
  }),
  z.object({
    status: z.literal('failed'),
    /** The key of the run. */
    run,
    /** Why the run failed. */
    failure: Failure,
    /** What there was of a result. */
    partial: z.json().optional(),
    /** What the run used up; absent for machines of users. */
    usage,
  }),
  z.object({
    status: z.literal('cancelled'),
    /** The key of the run. */
    run,
    /** Why it was cancelled, as the person or program that did it said. */
    reason: z.string(),
    /** What there was of a result. */
    partial: z.json().optional(),
    /** What the run used up; absent for machines of users. */
    usage,
  }),
  z
    .object({
      status: z.literal('waiting'),
      /** The key of the run. */
      run,
      /** The questions that must be answered before the run goes on. */
      tickets: z.array(Ticket),
      /** The signals that its flows wait for. */
      signals: z.array(Signal).optional(),
      /** It was paused: it begins nothing until it is resumed. */
      paused: z.literal(true).optional().meta({ description: 'It begins nothing until it is resumed.' }),
    })
    .meta({ description: 'Only people, or a signal, can move it on. Ask again under its key when they have.' }),
  z
    .object({
      status: z.literal('active'),
      /** The key of the run. */
      run,
    })
    .meta({
      description:
        'It goes on; what a question with Troupe-Detach is answered with, and one whose Troupe-Patience is over.',
    }),
  z
    .object({
      status: z.literal('large'),
      /** The key of the run. */
      run,
      /** How large the whole response is. */
      bytes: z.number(),
    })
    .meta({
      description:
        'The answer has more bytes than a message may have. Ask for it in parts, with Troupe-Key and Troupe-Offset.',
    }),
  z
    .object({
      status: z.literal('parked'),
      /** The key of the run. */
      run,
      /** Why its node let it go; absent when nothing went wrong. */
      failure: Failure.optional(),
    })
    .meta({ description: 'It is between two nodes. Ask again under its key.' }),
  z
    .object({
      status: z.literal('refused'),
      /** Why nothing was started; ask again when it is retryable. */
      failure: Failure,
    })
    .meta({
      description:
        'Nothing was started: the input does not fit, the key is that of another run, or there is no room (retryable).',
    }),
]);
export type RunResponse = z.infer<typeof RunResponse>;
