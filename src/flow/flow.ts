/** Makes an async function durable. */
import type * as z from 'zod';
import type { FlowStart } from '../contracts/flow/flow.ts';
import type { ModelChoice } from '../contracts/model.ts';
import { encodeValue } from './encode.ts';
import { describeMismatch, describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { slug } from '../values/ids.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { parseNow } from './parseNow.ts';
import { requireCallName, requireRetries } from './checkpoint.ts';
import type { CheckpointRetries } from './checkpointOptions.ts';
import type { FlowChild, FlowContext, TypedChild } from './context.ts';

/** How a flow is run. Every field may be left out. */
export interface FlowOptions<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  /** What it is given; anything by default. */
  readonly input?: Input;
  /** What its result must fit; anything by default. */
  readonly output?: Output;
  /** What it does, for people and for assistants; none by default. */
  readonly description?: string;
  /** How often each of its checkpoints is tried again, where it does not say itself; 0 by default. */
  readonly retries?: number | CheckpointRetries;
  /** Are results of checkpoints that are given an input taken from earlier runs, where they do not say themselves? False by default. */
  readonly cache?: boolean;
  /** How many of its checkpoints are under way at once; 1,000 by default. */
  readonly concurrency?: number;
  /** The model of `ctx.llm`, where a call names none; that of `configure`, `TROUPE_MODEL` or the configuration file by default. */
  readonly model?: ModelChoice;
  /** How long a run may take from its start; without end by default. */
  readonly deadline?: Duration;
  /** How long `ctx.nonCancellable` may go on after the flow was told to stop, in each process that goes on with it; 10 minutes by default, and at least 10 seconds. */
  readonly cleanupGrace?: Duration;
  /**
   * After the body was changed and has diverged, a retry takes what is recorded by the ids of the calls, in whatever order the new body makes them; what it does not ask for
   * is left out. False by default: a retry with a body that still differs stops again.
   */
  readonly migrate?: boolean;
  /** What it runs as children with `ctx.run`: flows, agents, teams, workflows. None by default. */
  readonly uses?: readonly FlowChild[];
}

/** A durable function. */
export interface Flow<Input = unknown, Output = unknown> extends TypedChild<Input, Output> {
  readonly kind: 'flow';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** How it is run. */
  readonly options: FlowOptions;
  /** The function. */
  readonly body: (ctx: FlowContext, input: unknown) => unknown;
  /** For tests: its body is begun again from its top after each call. False by default. */
  readonly alwaysReplay?: boolean;
  /** What its actor starts with, for this input. Throws `invalid` when it does not fit `input`. */
  start(input: unknown): FlowStart;
}

/** The function of a flow. */
type Body<Input, Output> = (ctx: FlowContext, input: Input) => Output | Promise<Output>;

/**
 * Makes an async function durable: each of its calls of `ctx` is recorded once it has ended, so that the function goes on from there after a crash, in any process.
 * @example export default flow('greet', { input: z.object({ who: z.string() }) }, async (ctx, { who }) => ctx.checkpoint('draft', () => write(who)))
 */
export function flow<Output>(name: string, body: Body<unknown, Output>): Flow<unknown, Awaited<Output>>;
export function flow<Output>(
  name: string,
  options: Omit<FlowOptions, 'input'> & {
    /** Given in the form below. */
    readonly input?: never;
  },
  body: Body<unknown, Output>,
): Flow<unknown, Awaited<Output>>;
// The last form is the one whose errors newer compilers show.
export function flow<Input extends z.ZodType, Output>(
  name: string,
  options: FlowOptions<Input> & {
    /** What it is given; the body gets it as the schema gives it. */
    readonly input: Input;
  },
  body: Body<z.output<Input>, Output>,
): Flow<z.input<Input>, Awaited<Output>>;
export function flow(name: string, second: FlowOptions | Body<never, unknown>, third?: Body<never, unknown>): Flow {
  const [options, body] = typeof second === 'function' ? [{}, second] : [second, third];
  requireCallName('A flow', name);
  const id = slug(name);
  if (typeof body !== 'function')
    throw new TroupeError('definition', `The flow "${name}" needs a function: flow(name, async (ctx, input) => …).`);
  const what = `flow "${id}"`;
  requireOptions(what, options, flowOptionNames);
  requireRetries(what, options.retries);
  if (options.deadline !== undefined) milliseconds(options.deadline);
  if (options.cleanupGrace !== undefined) milliseconds(options.cleanupGrace);
  requireConcurrency(what, options.concurrency);
  return {
    kind: 'flow',
    name: id,
    options,
    // What it is given was parsed by its schema.
    body: body as Flow['body'],
    start: (input) => flowStart(id, options.input, input),
  };
}

/** The input as it is stored: it is parsed again when the body begins, so that dates and other values come from the schema. */
function flowStart(name: string, schema: z.ZodType | undefined, given: unknown): FlowStart {
  const input = given ?? noInput(name, schema);
  const parsed = schema && parseNow(`the input of the flow "${name}"`, schema, input);
  if (parsed && !parsed.success)
    throw new TroupeError(
      'invalid',
      `The input of the flow "${name}" does not fit: ${describeMismatch(parsed.error, input)}.`,
    );
  const { json, encoded } = encodeValue(`The input of the flow "${name}"`, input);
  // Zod's own type for JSON can be written to.
  return { input: json as FlowStart['input'], ...(encoded ? { encoded } : {}) };
}

/** What stands for no input: null, or undefined where only that fits, as with a default. */
function noInput(name: string, schema: z.ZodType | undefined): null | undefined {
  const fits = (value: unknown) => !schema || parseNow(`the input of the flow "${name}"`, schema, value).success;
  return fits(null) || !fits(undefined) ? null : undefined;
}

/** Checks a limit. Throws `definition`. */
export function requireConcurrency(what: string, concurrency: unknown): void {
  if (concurrency === undefined || (Number.isSafeInteger(concurrency) && (concurrency as number) >= 1)) return;
  throw new TroupeError(
    'definition',
    `The concurrency of ${what} must be a whole number >= 1; got ${describeValue(concurrency)}.`,
  );
}

const flowOptionNames: OptionNames<FlowOptions> = {
  input: true,
  output: true,
  description: true,
  retries: true,
  cache: true,
  concurrency: true,
  model: true,
  deadline: true,
  cleanupGrace: true,
  migrate: true,
  uses: true,
};
