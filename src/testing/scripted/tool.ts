/** A tool whose results are written down beforehand, and that remembers who called it under which key. */
import * as z from 'zod';
import { sleep } from '../../contracts/clock.ts';
import { milliseconds, type Duration } from '../../contracts/duration.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { ToolScope } from '../../contracts/tool.ts';
import { tool, type Tool, type ToolDefinition } from '../../tools/tool.ts';
import { errorOf, forever, type Fault } from './fault.ts';
import { Script, type Conditional } from './script.ts';

export interface ToolCalled<Input = unknown> {
  readonly input: Input;
  /** The idempotency key: the same for every try of one call, and after a restart. */
  readonly key: string;
  /** Milliseconds since the epoch, on the clock of the run. */
  readonly at: number;
}

export interface ToolStep<Input = unknown> extends Conditional<(call: ToolCalled<Input>) => boolean> {
  readonly output?: Json;
  /** How long it takes. */
  readonly takes?: Duration;
  readonly error?: Fault;
  /** Never answers; its time runs out, or it is stopped. */
  readonly hang?: boolean;
  /** Says itself that it took too long. */
  readonly timeout?: boolean;
}

export interface ScriptedTool<Input = unknown> extends Tool<Input, Json>, Disposable {
  /** Every call, those that failed included, oldest first. */
  readonly called: readonly ToolCalled<Input>[];
  /** Throws `invalid` when it was called unexpectedly, or steps are left that nobody asked for. `using search = …` does the same at the end. */
  assertDone(): void;
}

export interface ScriptedToolOptions<Input extends z.ZodType> extends Partial<
  Omit<ToolDefinition<Input, z.ZodJSONSchema>, 'run' | 'output' | 'name'>
> {
  readonly name: string;
}

/**
 * Steps in order, those with `when` for the call they fit, or one function for every call. With `idempotent`, a key that was answered
 * is answered the same again, as the world would, and takes no step.
 * @example using mail = scriptedTool({ name: 'mail', effect: 'write' }, [{ error: { status: 503 } }, { output: 'sent' }])
 */
export function scriptedTool<Input extends z.ZodType = z.ZodObject<Record<never, never>, z.core.$loose>>(
  { name, description = `The scripted tool ${name}.`, input, ...rest }: ScriptedToolOptions<Input>,
  steps:
    | readonly (ToolStep<z.output<Input>> | ((call: ToolCalled<z.output<Input>>) => ToolStep<z.output<Input>>))[]
    | ((call: ToolCalled<z.output<Input>>) => ToolStep<z.output<Input>>),
): ScriptedTool<z.output<Input>> {
  type Call = ToolCalled<z.output<Input>>;
  const who = `The scripted tool "${name}"`;
  const called: Call[] = [];
  const answered = new Map<string, Json>();
  const script = new Script<Call, (call: Call) => boolean, ToolStep<z.output<Input>>>(steps, {
    who,
    fits: (when, call) => when(call),
    show: ({ input: given, key }) => `It was called with ${JSON.stringify(given)} under the key ${key}.`,
  });

  async function run(given: z.output<Input>, { key, signal, clock }: ToolScope): Promise<Json> {
    const call = { input: given, key, at: clock.now() };
    called.push(call);
    const known = answered.get(key);
    if (rest.idempotent && known !== undefined) return known;
    const { takes, hang, timeout, error, output = null } = script.next(call);
    if (takes !== undefined) await sleep(clock, milliseconds(takes), signal);
    if (hang) return forever(who, signal);
    if (timeout) throw new TroupeError('timeout', `${who} took too long.`);
    if (error) throw errorOf(who, error);
    answered.set(key, output);
    return output;
  }

  const assertDone = () => script.assertDone();
  const made = tool({
    ...rest,
    name,
    description,
    // Without a schema it takes what it is given: the default of the type parameter says the same.
    input: (input ?? z.looseObject({})) as Input,
    output: z.json(),
    run: (given, scope) => run(given, scope) as Promise<z.input<ReturnType<typeof z.json>>>,
  });
  return { ...(made as unknown as Tool<z.output<Input>, Json>), called, assertDone, [Symbol.dispose]: assertDone };
}
