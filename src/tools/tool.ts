/** Defines a tool: a typed function that an agent may call, with everything the runtime must know about calling it. */
import { describeNoSchema, describeSchemaError, quotedName } from '../values/explain.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import * as z from 'zod';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { EffectKind } from '../contracts/effect.ts';
import { TroupeError } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import { toolTiers, type ToolTier } from '../contracts/model.ts';
import type { ToolScope } from '../contracts/tool.ts';
import { takesObject } from '../contracts/toolSchema/references.ts';
import { isToolName, toolNameRule } from './toolNames.ts';

/** Whether a call was made, looked up after a crash; undefined when that cannot be found out. */
export type Reconciled<Output> =
  | {
      done: true;
      /** The output of the call. */
      output: Output;
    }
  | { done: false }
  | undefined;

/** What a tool is defined with. */
export interface ToolOptions<Input extends z.ZodType, Output extends z.ZodType> {
  /** Its name: 1 to 64 of A-Z a-z 0-9 _ . -. */
  name: string;
  /** What it does and when to use it, for the model. */
  description: string;
  /** The schema of its input: an object, because models call tools with named arguments. */
  input: Input;
  /** The schema of its output. */
  output: Output;
  /** `read` by default. `pure`: the same input always gives the same output. `write`: it changes something outside, and is never repeated without a check. */
  effect?: EffectKind;
  /** The function itself. It must end when `scope.signal` fires; if it does not, its caller gets an answer nevertheless. */
  run(input: z.output<Input>, scope: ToolScope): z.input<Output> | Promise<z.input<Output>>;
  /** How long one call may take, as a duration or in milliseconds; one minute by default. */
  timeout?: Duration;
  /** True when a call can be repeated under the same `scope.key` without another effect; false by default. */
  idempotent?: boolean;
  /** True when a person must agree to each call; false by default. */
  approval?: boolean;
  /** When an agent offers it to its model; `core` by default: always. */
  tier?: ToolTier;
  /** Capabilities, matched with what a task requires; none by default. */
  capabilities?: readonly string[];
  /** Looks up whether a call was made, after a crash in the middle of it. */
  reconcile?(input: z.output<Input>, scope: ToolScope): Promise<Reconciled<z.input<Output>>>;
}

/** A tool that was checked and can be called. Made by `tool()`. */
export interface Tool<Input = unknown, Output = unknown> {
  /** Its name: 1 to 64 of A-Z a-z 0-9 _ . -. */
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description: string;
  /** The schema of its input. */
  readonly input: z.ZodType<Input>;
  /** The schema of its output. */
  readonly output: z.ZodType<Output>;
  /** The input as JSON Schema, for models. */
  readonly schema: JsonObject;
  /** What it does outside: `pure`, `read` or `write`. */
  readonly effect: EffectKind;
  /** How long one call may take; milliseconds. */
  readonly timeout: number;
  /** True when a call can be repeated under the same key without another effect. */
  readonly idempotent: boolean;
  /** True when a person must agree to each call. */
  readonly approval: boolean;
  /** When an agent offers it to its model. */
  readonly tier: ToolTier;
  /** Capabilities, matched with what a task requires. */
  readonly capabilities: readonly string[];
  /** Performs one call. */
  run(input: Input, scope: ToolScope): unknown;
  /** Looks up whether a call was made. */
  reconcile?(input: Input, scope: ToolScope): Promise<Reconciled<unknown>>;
}

/**
 * Defines a tool.
 * @example
 * const add = tool({
 *   name: 'add', description: 'Adds two numbers.', effect: 'pure',
 *   input: z.object({ a: z.number(), b: z.number() }), output: z.number(),
 *   run: ({ a, b }) => a + b,
 * });
 * @throws TroupeError `definition` when it could not be offered to a model or run.
 */
export function tool<Input extends z.ZodType, Output extends z.ZodType>(
  definition: ToolOptions<Input, Output>,
): Tool<z.output<Input>, z.output<Output>> {
  const { name, description, input, output } = definition;
  requireOptions(`tool${quotedName(definition)}`, definition, toolOptionNames);
  const { effect = 'read', tier = 'core', timeout = '60s', capabilities = [] } = definition;
  const { idempotent = false, approval = false } = definition;

  must(isToolName(name), name, `a tool's name is ${toolNameRule}`);
  must(isText(description), name, `it needs a description that tells the model what it does; got ${show(description)}`);
  must(
    isSchema(input),
    name,
    `input must be a zod schema, such as z.object({ query: z.string() }); got ${describeNoSchema(input)}`,
  );
  must(isSchema(output), name, `output must be a zod schema of what run returns; got ${describeNoSchema(output)}`);
  must(typeof definition.run === 'function', name, `run must be a function of (input, scope)`);
  must(effects.includes(effect), name, `effect must be one of ${effects.join(', ')}; got ${show(effect)}`);
  must(toolTiers.includes(tier), name, `tier must be one of ${toolTiers.join(', ')}; got ${show(tier)}`);

  const made: Tool<z.output<Input>, z.output<Output>> = {
    name,
    description,
    // A schema of `z.output<Input>` is what `Input` is; the compiler cannot tell.
    input: input as z.ZodType<z.output<Input>>,
    output: output as z.ZodType<z.output<Output>>,
    schema: schemaOf(name, input),
    effect,
    timeout: milliseconds(timeout),
    idempotent,
    approval,
    tier,
    capabilities: Object.freeze([...capabilities]),
    run: (value, scope) => definition.run(value, scope),
    ...(definition.reconcile && { reconcile: definition.reconcile.bind(definition) }),
  };
  return Object.freeze(made);
}

const effects: readonly EffectKind[] = ['pure', 'read', 'write'];
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isSchema = (value: unknown) => typeof value === 'object' && value !== null && '_zod' in value;
const show = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value);

function must(holds: boolean, name: unknown, problem: string): void {
  if (!holds) throw new TroupeError('definition', `Tool ${show(name)}: ${problem}.`);
}

function schemaOf(name: string, input: z.ZodType): JsonObject {
  let schema: JsonObject;
  try {
    schema = z.toJSONSchema(input, { io: 'input' }) as JsonObject;
  } catch (error) {
    throw new TroupeError(
      'definition',
      `Tool "${name}": its input cannot be said in JSON Schema (${describeSchemaError(error)}). Use types that JSON has.`,
      { cause: error },
    );
  }
  must(
    takesObject(schema),
    name,
    'its input must be an object, such as z.object({ query: z.string() }): models call tools with named arguments',
  );
  return schema;
}

const toolOptionNames: OptionNames<ToolOptions<z.ZodType, z.ZodType>> = {
  name: true,
  description: true,
  input: true,
  output: true,
  effect: true,
  run: true,
  timeout: true,
  idempotent: true,
  approval: true,
  tier: true,
  capabilities: true,
  reconcile: true,
};
