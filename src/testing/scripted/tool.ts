/** A tool that answers by a script, and keeps every call with its key. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { quotedName } from '../../values/explain.ts';
import * as z from 'zod';
import { sleep } from '../../values/clock.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { ToolScope } from '../../contracts/tool.ts';
import { tool, type Tool, type ToolOptions } from '../../tools/tool.ts';
import { knownJson } from '../jsonValues.ts';
import { errorOfFault, untilAborted, type ScriptedFault } from './fault.ts';
import { Script, type ScriptCondition } from './script.ts';

/** One call of a scripted tool. */
export interface ScriptedToolCall<Input = unknown> {
  /** The input, as the tool's schema returns it. */
  readonly input: Input;
  /** The idempotency key: the same for every attempt of one call, and after a restart. */
  readonly key: string;
  /** Milliseconds since the epoch, on the clock of the run. */
  readonly at: number;
}

/** What the tool does for one call. */
export interface ScriptedToolStep<Input = unknown> extends ScriptCondition<(call: ScriptedToolCall<Input>) => boolean> {
  /** The output; `null` by default. */
  readonly output?: Json;
  /** How long the call takes on the run's clock; no time by default. */
  readonly takes?: Duration;
  /** Fails instead of giving an output; no failure by default. */
  readonly error?: ScriptedFault;
  /** Never answers: the call ends when it is stopped or its time is up. False by default. */
  readonly hang?: boolean;
  /** Fails with `timeout`; false by default. */
  readonly timeout?: boolean;
}

/** A tool that answers by a script. */
export interface ScriptedTool<Input = unknown> extends Tool<Input, Json>, Disposable {
  /** Every call, failed ones included, oldest first. */
  readonly called: readonly ScriptedToolCall<Input>[];
  /** Throws `invalid` when a call was not expected, or steps are left. `using search = …` does the same at the end of the block. */
  assertDone(): void;
}

/** What the tool is, as for `tool()`. */
export interface ScriptedToolOptions<Input extends z.ZodType> extends Partial<
  Omit<ToolOptions<Input, z.ZodJSONSchema>, 'run' | 'output' | 'name'>
> {
  /** The name of the tool. The other options are optional: the description names the tool, and any object is accepted as input by default. */
  readonly name: string;
}

/**
 * Makes a scripted tool. Steps without `when` answer one call each, in order; a step with `when` answers the calls that fit; a function instead
 * of steps answers every call. With `idempotent`, a call under a key that was answered before gets the same output and uses no step.
 * @example using mail = scriptedTool({ name: 'mail', effect: 'write' }, [{ error: { status: 503 } }, { output: 'sent' }])
 */
export function scriptedTool<Input extends z.ZodType = z.ZodObject<Record<never, never>, z.core.$loose>>(
  options: ScriptedToolOptions<Input>,
  steps:
    | readonly (
        | ScriptedToolStep<z.output<Input>>
        | ((call: ScriptedToolCall<z.output<Input>>) => ScriptedToolStep<z.output<Input>>)
      )[]
    | ((call: ScriptedToolCall<z.output<Input>>) => ScriptedToolStep<z.output<Input>>),
): ScriptedTool<z.output<Input>> {
  requireOptions(`scriptedTool${quotedName(options)}`, options, scriptedToolOptionNames);
  const { name, description = `The scripted tool ${name}.`, input, ...rest } = options;
  type Call = ScriptedToolCall<z.output<Input>>;
  const who = `The scripted tool "${name}"`;
  const called: Call[] = [];
  const answered = new Map<string, z.core.util.JSONType>();
  const script = new Script<Call, (call: Call) => boolean, ScriptedToolStep<z.output<Input>>>(steps, {
    who,
    fits: (when, call) => when(call),
    show: ({ input: given, key }) => `It was called with ${JSON.stringify(given)} under the key ${key}.`,
  });

  async function run(given: z.output<Input>, { key, signal, clock }: ToolScope): Promise<z.core.util.JSONType> {
    const call = { input: given, key, at: clock.now() };
    called.push(call);
    const known = answered.get(key);
    if (rest.idempotent && known !== undefined) return known;
    const { takes, hang, timeout, error, output = null } = script.next(call);
    if (takes !== undefined) await sleep(clock, milliseconds(takes), signal);
    if (hang) return untilAborted(who, signal);
    if (timeout) throw new TroupeError('timeout', `${who} took too long.`);
    if (error) throw errorOfFault(who, error);
    const result = knownJson(output);
    answered.set(key, result);
    return result;
  }

  const assertDone = () => script.assertDone();
  const made = tool({
    ...rest,
    name,
    description,
    // Without a schema any object is accepted: the default of the type parameter says the same.
    input: (input ?? z.looseObject({})) as Input,
    output: z.json(),
    run,
  });
  // The type of the output's schema is a plain JSON value; `Tool` reads it as `Json`.
  return { ...(made as unknown as Tool<z.output<Input>, Json>), called, assertDone, [Symbol.dispose]: assertDone };
}

const scriptedToolOptionNames: OptionNames<ScriptedToolOptions<z.ZodType>> = {
  name: true,
  description: true,
  input: true,
  effect: true,
  timeout: true,
  idempotent: true,
  approval: true,
  tier: true,
  capabilities: true,
  reconcile: true,
};
