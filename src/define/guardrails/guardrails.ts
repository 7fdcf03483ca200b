/** Defines guardrails: the built-in ones, and a user's own. */
import { rememberPart } from '../madeFrom.ts';
import * as z from 'zod';
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import {
  defaultGuardrailSettings,
  type GuardrailRule,
  type BreakerPolicy,
} from '../../../machines/guardrail/settings.ts';
import type { Budget } from '../../contracts/agent.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { parseDefinition, describeMismatch } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { GuardedAnswer, GuardedStream, GuardedWork, Checks, CheckAnswer } from '../../contracts/guardrail.ts';
import { reservedTypes, slug } from '../../values/ids.ts';
import { textsIn } from './textsIn.ts';
import type { Json } from '../../values/json.ts';
import type { TaskFacts, Work } from '../../contracts/work.ts';
import {
  PatternsOrCheck,
  BudgetGuardrailSchema,
  CheckSchema,
  OutputGuardrailSchema,
  OwnGuardrailSchema,
  RateLimitSchema,
  SchemaGuardrailSchema,
  TimeoutSchema,
  ToolGuardrailSchema,
} from './schemas.ts';

/** Options of every guardrail. */
export interface GuardrailOptions {
  /** Its name; the name of its kind by default. Two of one kind need different names. */
  readonly name?: string;
  /** How long one check may take, as a duration or in milliseconds; 30 seconds by default. A check that takes longer rejects. */
  readonly limit?: Duration;
  /** When it rejects everything: after so many failures in a row for a while, or (`person`) from its first rejection until a person resets it. Never by default. */
  readonly trip?:
    | 'person'
    | {
        /** How many failures in a row; 1 or more. */
        readonly after: number;
        /** How long it then rejects everything, as a duration or in milliseconds. */
        readonly rest: Duration;
      };
}

/** The option of guardrails that judge what is said. */
export interface HoldBackOptions {
  /**
   * Shows what is said while it is said, but for the last characters of each text: so many are held back until the model's answer has ended. A match that is
   * longer may be begun to be shown. By default nothing is shown before the whole result was judged.
   */
  readonly holdBack?: number;
}

/** The fixed order in which they check work. A user's own come last, in the order in which they were given. */
const order = ['timeout', 'budget', 'rateLimit', 'cancellation', 'input', 'output', 'tool', 'schema', 'own'] as const;

function make(
  kind: (typeof order)[number],
  options: GuardrailOptions,
  what: {
    readonly rule?: GuardrailRule;
    readonly checks?: Checks;
    readonly every?: Duration | undefined;
    readonly holdBack?: number | undefined;
    /** What its checks were made from, beside its options. */
    readonly from?: unknown;
  },
): Guardrail {
  const { name = kind, limit, trip } = options;
  const checks = what.checks ?? {};
  rememberPart(checks, [options, what.from]);
  const id = slug(name);
  if (reservedTypes.has(id))
    throw new TroupeError(
      'definition',
      `A guardrail cannot be called "${name}", a name that the runtime uses itself. Choose another.`,
    );
  return Object.freeze({
    kind: 'guardrail' as const,
    name,
    id,
    rank: order.indexOf(kind),
    rule: what.rule ?? { kind: 'asked' as const },
    checks,
    ...((kind === 'input' || kind === 'own') && checks.pre ? { judgesInput: true as const } : {}),
    ...(Array.isArray(what.from) ? { looksForPatterns: true as const } : {}),
    ...(what.holdBack === undefined ? {} : { holdBack: what.holdBack }),
    limit: limit === undefined ? defaultGuardrailSettings.patience : milliseconds(limit),
    ...(what.every === undefined ? {} : { every: milliseconds(what.every) }),
    ...(trip === undefined ? {} : { trip: tripOf(trip) }),
  });
}

const tripOf = (trip: NonNullable<GuardrailOptions['trip']>): BreakerPolicy =>
  trip === 'person' ? trip : { after: trip.after, rest: milliseconds(trip.rest) };

/**
 * Limits how long work may take. Work whose own timeout is longer than `max` is rejected, and work that takes longer is stopped. Fails with kind `timeout`.
 * @example guarded(clerk, [guardrails.timeout({ max: '2m' })])
 */
function timeout(
  options: GuardrailOptions & {
    /** The longest time for one piece of work, as a duration or in milliseconds; no limit by default. */
    readonly max?: Duration;
    /** Rejects work without a timeout of its own (for an agent or a team, its `deadline`); false by default. */
    readonly requireExplicit?: boolean;
  },
): Guardrail {
  const { max, requireExplicit = false } = parseDefinition(TimeoutSchema, options, 'guardrails.timeout');
  return make('timeout', options, {
    rule: { kind: 'timeout', max: max === undefined ? undefined : milliseconds(max), requireExplicit },
  });
}

/**
 * Limits what work may use up. Work that asks for more is rejected before it begins, and work under way is stopped at the limit. Work that used
 * more nevertheless is rejected afterwards, and its answer is kept as `partial`. Fails with kind `budget`.
 * @example guarded(clerk, [guardrails.budget({ steps: 8, usd: 0.2 })])
 */
function budget(
  options: GuardrailOptions &
    Budget & {
      /** Rejects work without a budget of its own; false by default. */
      readonly requireExplicit?: boolean;
      /** Lets work in although nothing is left of the budget of its run; false by default. */
      readonly allowExhausted?: boolean;
    },
): Guardrail {
  const {
    requireExplicit = false,
    allowExhausted = false,
    ...rest
  } = parseDefinition(BudgetGuardrailSchema, options, 'guardrails.budget');
  const { steps, tokens, usd, toolCalls } = rest;
  const limits: Budget = {
    ...(steps === undefined ? {} : { steps }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(usd === undefined ? {} : { usd }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  };
  return make('budget', options, { rule: { kind: 'budget', limits, requireExplicit, allowExhausted } });
}

/**
 * Limits tasks, or tokens of models, within `per`, for each key, by a token bucket that fills steadily. Work above the limit is rejected with kind
 * `transient` and `retryAfter`. A task that a later guardrail rejects does not count. In a team the counts last as long as its run; for a guarded
 * tool, as long as this process.
 * @example guardrails.rateLimit({ tasks: 10, per: '1m', key: ({ facts }) => JSON.stringify(facts.metadata?.['user']) })
 */
function rateLimit(
  options: GuardrailOptions & {
    /** How many tasks within `per`; no limit by default. Tasks, tokens or both are needed. */
    readonly tasks?: number;
    /** How many tokens of models within `per`, input and output; no limit by default. */
    readonly tokens?: number;
    /** The time that the limit is for, as a duration or in milliseconds. */
    readonly per: Duration;
    /** The key of the bucket that a task counts for. Pure: no clock, no I/O. One bucket for all tasks by default. */
    readonly key?: (work: RateLimitKeyInput) => string;
  },
): Guardrail {
  const { tasks, tokens, per } = parseDefinition(RateLimitSchema, options, 'guardrails.rateLimit');
  const { key } = options;
  const keyOf = key ? (work: Work) => key(keyInputOf(work)) : () => 'all';
  return make('rateLimit', options, { rule: { kind: 'rateLimit', tasks, tokens, per: milliseconds(per), keyOf } });
}

/** What the key of a rate limit may depend on. */
export interface RateLimitKeyInput {
  /** The name of the message. */
  readonly type: string;
  /** Its body. */
  readonly body: Json;
  /** The member it is for; undefined where it is for the only one. */
  readonly to: string | undefined;
  /** What is known about its task, such as `metadata`. */
  readonly facts: TaskFacts;
}
const keyInputOf = ({ message: { type, body }, to, facts }: Work): RateLimitKeyInput => ({ type, body, to, facts });

/**
 * After a cancel, new work is rejected, and work under way fails with kind `cancelled` and keeps what it had as `partial`.
 * @example guarded(clerk, [guardrails.cancellation()])
 */
const cancellation = (options: GuardrailOptions = {}): Guardrail => {
  parseDefinition(CheckSchema, options, 'guardrails.cancellation');
  return make('cancellation', options, { rule: { kind: 'cancellation' } });
};

/** Texts, matched in upper or lower case, and regular expressions. They are tried on every text of a value by itself, its keys included, without JSON's escapes. */
export type Patterns = readonly (string | RegExp)[];

/**
 * Checks input. Input is rejected when a text or a key in it matches one of the patterns (texts in upper or lower case), or when the function rejects it.
 * @example guardrails.input([/ignore (all|your) instructions/i]), guardrails.input(({ text }) => text.length < 10_000 || 'it is too long')
 */
function input(
  look: Patterns | ((asked: GuardedWork) => CheckAnswer | Promise<CheckAnswer>),
  options: GuardrailOptions = {},
): Guardrail {
  parseDefinition(CheckSchema, options, 'guardrails.input');
  const pre = checkOf('input', look);
  return make('input', options, { checks: { pre }, from: look });
}

/** An answer to check: a part of it while a model streams it (`whole` is false), and all of it at the end. */
export interface OutputCheckInput extends Partial<GuardedAnswer> {
  /** The answer as a text; the part so far while it is streamed. */
  readonly text: string;
  /** True when it is the whole answer. */
  readonly whole: boolean;
  /** What the text is a part of while `whole` is false: the answer's text, the model's reasoning, the arguments of a call, the result of a tool. */
  readonly of?: GuardedStream['of'];
  /** What the text was made of while `whole` is false, where that is JSON. */
  readonly value?: Json;
  /** Fires when the check must stop. */
  readonly signal: AbortSignal;
}

/**
 * Checks output, also while a model streams it: its text, its reasoning and the calls that it wants to make. A stream that is rejected is stopped, and what
 * came of it is never shown. What is said is held back until the result was judged; `holdBack` lets it be shown earlier.
 * @example guardrails.output([/\b\d{16}\b/]), guardrails.output(({ text, whole }) => !whole || text.includes('Sources:') || 'no sources')
 */
function output(
  look: Patterns | ((asked: OutputCheckInput) => CheckAnswer | Promise<CheckAnswer>),
  options: GuardrailOptions &
    HoldBackOptions & {
      /** `false`: checks only the whole answer; true by default. */ readonly stream?: boolean;
    } = {},
): Guardrail {
  parseDefinition(OutputGuardrailSchema, options, 'guardrails.output');
  const says = checkOf<OutputCheckInput>('output', look);
  return make('output', options, {
    from: look,
    holdBack: options.holdBack,
    checks: {
      post: (asked) => says({ ...asked, whole: true }),
      ...(options.stream === false ? {} : { stream: (asked) => says({ ...asked, whole: false }) }),
    },
  });
}

/** What a pattern is tried on: a text, and where there is one the value that it was made of. */
interface Checked {
  readonly text: string;
  readonly body?: Json;
  readonly answer?: GuardedAnswer['answer'];
  readonly value?: Json;
}

function checkOf<A extends Checked>(
  kind: string,
  look: Patterns | ((asked: A) => CheckAnswer | Promise<CheckAnswer>),
): (asked: A) => CheckAnswer | Promise<CheckAnswer> {
  const given = parseDefinition(PatternsOrCheck, look, `What guardrails.${kind} looks for`);
  // The schema knows it is a function; the types of the caller say of what.
  if (typeof given === 'function') return given as (asked: A) => CheckAnswer | Promise<CheckAnswer>;
  // A pattern with the flag g or y keeps its position, and would miss every second match.
  const patterns = given.map((each) =>
    typeof each === 'string' ? each.toLowerCase() : new RegExp(each.source, each.flags.replace(/[gy]/g, '')),
  );
  return ({ text, body, answer, value }) => {
    const texts = textsIn(text, value ?? (answer === undefined ? body : answer.body));
    const found = patterns.find((each) =>
      texts.some((one) => (typeof each === 'string' ? one.toLowerCase().includes(each) : each.test(one))),
    );
    // The message names neither the pattern nor the match: both may be secrets.
    return found === undefined || `it has what pattern ${patterns.indexOf(found) + 1} of ${patterns.length} looks for`;
  };
}

/**
 * Which tools may be called. Tools with the effect `write` are rejected by default. A rejected call is not made, and the model gets the reason.
 * Names may end in `*`. @example guardrails.tool({ deny: ['shell'], writes: 'ask' })
 */
function tool(
  options: GuardrailOptions & {
    /** Tools that may be called; all by default. */
    readonly allow?: readonly string[];
    /** Tools that may not be called; none by default. */
    readonly deny?: readonly string[];
    /** What happens to calls of tools with the effect `write`; `deny` by default. `ask`: a person must agree to each. */
    readonly writes?: 'deny' | 'ask' | 'allow';
  } = {},
): Guardrail {
  const { allow, deny = [], writes = 'deny' } = parseDefinition(ToolGuardrailSchema, options, 'guardrails.tool');
  const isIn = (names: readonly string[], name: string) =>
    names.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name));
  return make('tool', options, {
    checks: {
      tool: ({ name, effect }) => {
        if (isIn(deny, name)) return 'it may not be called here';
        if (allow && !isIn(allow, name)) return `only ${allow.join(', ') || 'nothing'} may be called here`;
        if (effect !== 'write' || writes === 'allow') return true;
        return writes === 'ask' ? { ask: true } : 'it changes the world, which is not allowed here';
      },
    },
  });
}

/**
 * Checks input, output, or both against a schema. @example guardrails.schema({ output: z.object({ total: z.number() }) })
 */
function schema(
  options: GuardrailOptions &
    HoldBackOptions & {
      /** The schema of the input; not checked by default. */
      readonly input?: z.ZodType;
      /** The schema of the output; not checked by default. */
      readonly output?: z.ZodType;
    },
): Guardrail {
  parseDefinition(SchemaGuardrailSchema, options, 'guardrails.schema');
  const fits = async (type: z.ZodType, body: Json): Promise<CheckAnswer> => {
    const parsed = await type.safeParseAsync(body);
    return parsed.success || `it does not fit its schema: ${describeMismatch(parsed.error, body)}`;
  };
  const { input: before, output: after } = options;
  return make('schema', options, {
    holdBack: options.holdBack,
    checks: {
      ...(before ? { pre: ({ body }) => fits(before, body) } : {}),
      ...(after ? { post: ({ answer }) => fits(after, answer.body) } : {}),
    },
  });
}

/**
 * A guardrail of your own. Each check gives `true`, `false` or the reason for a rejection. A check that throws, or does not answer in time, rejects.
 * @example guardrails.guardrail({ name: 'office-hours', pre: async ({ signal }) => (await isOpen(signal)) || 'nobody is in' })
 */
function guardrail(
  options: GuardrailOptions &
    HoldBackOptions &
    Checks & {
      /** Its name. */
      readonly name: string;
      /** How often `mid` is called again while work is under way, as a duration or in milliseconds; only once, when work begins, by default. */
      readonly every?: Duration;
    },
): Guardrail {
  parseDefinition(OwnGuardrailSchema, options, 'guardrails.guardrail');
  const { pre, mid, post, stream, tool: calls, every, holdBack } = options;
  const checks: Checks = {
    ...(pre ? { pre } : {}),
    ...(mid ? { mid } : {}),
    ...(post ? { post } : {}),
    ...(stream ? { stream } : {}),
    ...(calls ? { tool: calls } : {}),
  };
  return make('own', options, { checks, every, holdBack });
}

/** Makes guardrails for `guarded(…)` and for orchestrators. @example guarded(clerk, [guardrails.timeout({ max: '2m' })]) */
export const guardrails = { timeout, budget, rateLimit, cancellation, input, output, tool, schema, guardrail } as const;
