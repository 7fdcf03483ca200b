/** A task for a team of members. Times are milliseconds unless a field says otherwise. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { MediaPart, type InputPart } from './media.ts';

const count = z.number().int().nonnegative();
const atLeastOne = z.number().int().positive();
const name = z.string().min(1);

const isDuration = (value: unknown): boolean => {
  try {
    return milliseconds(value as Duration) > 0;
  } catch {
    return false;
  }
};
const time = z
  .custom<Duration>(isDuration, { error: "expected a time such as '500ms', '2m' or a positive number of milliseconds" })
  .transform(milliseconds);

/** `always`: after any failure of an attempt; `onTransient`: when the same attempt may succeed later. */
export const RetryCondition = z.enum(['always', 'onTransient', 'never']);
export type RetryCondition = z.infer<typeof RetryCondition>;

/** Attempts beside the first. The pause doubles with every attempt, is shortened at random to between half and all of itself, and is never shorter than the other side asked for. */
export const RetryPolicy = z.strictObject({
  /** Attempts after the first; 0 by default. */
  maxRetries: count.default(0),
  /** The first pause, as a duration or in milliseconds; 0 by default. */
  backoff: z.union([z.literal(0), time]).default(0),
  /** When a failed attempt is repeated; `always` by default. */
  condition: RetryCondition.default('always'),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

const Input = z.union(
  [
    z.string(),
    z.strictObject({
      /** The name of a message of the members' protocol. */
      type: name,
      /** Its body. */
      body: anyJson().optional(),
    }),
  ],
  {
    error: 'expected a text or { type, body }',
  },
);

/** One piece of work for one member (with `broadcast`, for each of them). */
export const Task = z.strictObject({
  /** Unique in its batch; default a new id. */
  id: name.optional(),
  /** Only this member may work on it. */
  agentId: name.optional(),
  /** A text, or a message of the members' protocol. A stage of a pipeline without text or body of its own gets the answer of the stage before it. */
  input: Input,
  /** Images, audio and files beside the input; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  /** Answers of a model that one attempt may use; default the member's own limit. */
  maxSteps: atLeastOne.optional(),
  /** How long one attempt may take. */
  timeout: time.optional(),
  /** When it must be over, including waiting, attempts and pauses. Milliseconds since the epoch. */
  deadline: z.number().optional(),
  /** Further attempts; those of the orchestrator by default. */
  retry: RetryPolicy.optional(),
  /** Answers of a model that all attempts together may use. */
  budgetSteps: atLeastOne.optional(),
  /** An id of the caller, kept in the result; none by default. */
  correlationId: z.string().optional(),
  /** Facts for routers and guardrails; none by default. */
  metadata: z.record(z.string(), anyJson()).optional(),
});
export type Task = z.infer<typeof Task>;
/** As a person writes it: times may be texts such as `'2m'`. */
export type TaskSpec = Omit<z.input<typeof Task>, 'parts'> & {
  /** Images, audio and files beside the input, and further texts; none by default. */
  readonly parts?: readonly InputPart[];
};
