/** Defines a tool: a typed function that an agent may call, with everything the runtime must know about calling it. */
import * as z from 'zod';
import { milliseconds, type Duration } from '../contracts/duration.ts';
import type { EffectKind } from '../contracts/effect.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { JsonObject } from '../contracts/json.ts';
import { toolTiers, type ToolTier } from '../contracts/model.ts';
import type { ToolScope } from '../contracts/tool.ts';
import { isToolName, toolNameRule } from './names.ts';

/** What became of a call that may have been performed: `undefined` when that cannot be told. */
export type Reconciled<Output> = { done: true; output: Output } | { done: false } | undefined;

export interface ToolDefinition<Input extends z.ZodType, Output extends z.ZodType> {
  name: string;
  /** What it does and when to use it, for the model. */
  description: string;
  /** An object: models call tools with named arguments. */
  input: Input;
  output: Output;
  /** `read` unless told otherwise. Say `write` when it changes the world: it is then never repeated blindly. */
  effect?: EffectKind;
  /** Must end when `scope.signal` fires; if it does not, its caller is answered all the same. */
  run(input: z.output<Input>, scope: ToolScope): z.input<Output> | Promise<z.input<Output>>;
  /** One minute unless told otherwise. */
  timeout?: Duration;
  /** True when the world honours `scope.key`: performing again under the same key changes nothing. */
  idempotent?: boolean;
  /** True when a person must agree to each call. */
  approval?: boolean;
  tier?: ToolTier;
  /** What it can do, for matching with what a task requires. */
  capabilities?: readonly string[];
  /** Looks up whether a call was performed, after a crash in the middle of it. */
  reconcile?(input: z.output<Input>, scope: ToolScope): Promise<Reconciled<z.input<Output>>>;
}

/** A tool that was checked and can be called. Made by `tool()`. */
export interface Tool<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** The input as JSON Schema, for models. */
  readonly schema: JsonObject;
  readonly effect: EffectKind;
  /** Milliseconds. */
  readonly timeout: number;
  readonly idempotent: boolean;
  readonly approval: boolean;
  readonly tier: ToolTier;
  readonly capabilities: readonly string[];
  run(input: Input, scope: ToolScope): unknown;
  reconcile?(input: Input, scope: ToolScope): Promise<Reconciled<unknown>>;
}

/**
 * @example
 * const add = tool({
 *   name: 'add', description: 'Adds two numbers.', effect: 'pure',
 *   input: z.object({ a: z.number(), b: z.number() }), output: z.number(),
 *   run: ({ a, b }) => a + b,
 * });
 * @throws TroupeError `definition` when it could not be offered to a model or run.
 */
export function tool<Input extends z.ZodType, Output extends z.ZodType>(
  definition: ToolDefinition<Input, Output>,
): Tool<z.output<Input>, z.output<Output>> {
  const { name, description, input, output } = definition;
  const { effect = 'read', tier = 'core', timeout = '60s', capabilities = [] } = definition;
  const { idempotent = false, approval = false } = definition;

  must(isToolName(name), name, `a tool's name is ${toolNameRule}`);
  must(isText(description), name, `it needs a description that tells the model what it does; got ${show(description)}`);
  must(
    isSchema(input),
    name,
    `input must be a zod schema, such as z.object({ query: z.string() }); got ${show(input)}`,
  );
  must(isSchema(output), name, `output must be a zod schema of what run returns; got ${show(output)}`);
  must(typeof definition.run === 'function', name, `run must be a function of (input, scope)`);
  must(effects.includes(effect), name, `effect must be one of ${effects.join(', ')}; got ${show(effect)}`);
  must(toolTiers.includes(tier), name, `tier must be one of ${toolTiers.join(', ')}; got ${show(tier)}`);

  const made: Tool<z.output<Input>, z.output<Output>> = {
    name,
    description,
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
    ...(definition.reconcile && { reconcile: (value, scope) => definition.reconcile!(value, scope) }),
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new TroupeError(
      'definition',
      `Tool "${name}": its input cannot be said in JSON Schema (${reason}). Use types that JSON has.`,
      { cause: error },
    );
  }
  must(
    schema['type'] === 'object',
    name,
    'its input must be an object, such as z.object({ query: z.string() }): models call tools with named arguments',
  );
  return schema;
}
