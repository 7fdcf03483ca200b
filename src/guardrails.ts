/** The guardrails of the house, and how a user makes one: each a definition; what runs is made of it where it is used. */
import * as z from 'zod';
import type { Guardrail } from '../actors/guardrail.ts';
import { defaultGuardrailSettings, type Rule, type Trip } from '../machines/guardrail/settings.ts';
import type { Budget } from './contracts/agent.ts';
import { milliseconds, type Duration } from './contracts/duration.ts';
import { checked, explain } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { AskedAnswer, AskedWork, Checks, Says } from './contracts/guardrail.ts';
import { ownTypes, slug } from './contracts/ids.ts';
import type { Json } from './contracts/json.ts';
import type { TaskFacts, Work } from './contracts/work.ts';
import {
  atOnce,
  BudgetShape,
  CheckShape,
  OwnShape,
  RateShape,
  SchemaShape,
  TimeoutShape,
  ToolShape,
} from './guardrailShapes.ts';

/** What every guardrail takes beside its own options. */
export interface GuardrailOptions {
  /** Another name than its kind's, where there are two of a kind. */
  readonly name?: string;
  /** How long one of its checks may take; 30 seconds unless told otherwise. What takes longer lets nothing through. */
  readonly limit?: Duration;
  /** When its door shuts: after so many failures in a row for a while, or at its first rejection until a person resets it. */
  readonly trip?: 'person' | { readonly after: number; readonly rest: Duration };
}

/** The fixed order in which work meets them. A user's own come last, as they were given. */
const order = ['timeout', 'budget', 'rateLimit', 'cancellation', 'input', 'output', 'tool', 'schema', 'own'] as const;

function make(
  kind: (typeof order)[number],
  { name = kind, limit, trip }: GuardrailOptions,
  what: { readonly rule?: Rule; readonly checks?: Checks; readonly every?: Duration | undefined },
): Guardrail {
  const id = slug(name);
  if (ownTypes.has(id))
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
    checks: what.checks ?? {},
    limit: limit === undefined ? defaultGuardrailSettings.patience : milliseconds(limit),
    ...(what.every === undefined ? {} : { every: milliseconds(what.every) }),
    ...(trip === undefined ? {} : { trip: tripOf(trip) }),
  });
}

const tripOf = (trip: NonNullable<GuardrailOptions['trip']>): Trip =>
  trip === 'person' ? trip : { after: trip.after, rest: milliseconds(trip.rest) };

/**
 * Holds work to a time: what says a longer timeout than `max` is rejected, and what takes longer is stopped. Fails with kind `timeout`.
 * With `requireExplicit` work that says no timeout of its own is rejected (for an agent or a team, its `deadline`).
 * @example guarded(clerk, [guardrails.timeout({ max: '2m' })])
 */
function timeout(
  options: GuardrailOptions & { readonly max?: Duration; readonly requireExplicit?: boolean },
): Guardrail {
  const { max, requireExplicit = false } = checked(TimeoutShape, options, 'guardrails.timeout');
  return make('timeout', options, {
    rule: { kind: 'timeout', max: max === undefined ? undefined : milliseconds(max), requireExplicit },
  });
}

/**
 * Holds work to a budget: what asks for more is rejected before it begins, what is under way is held to it, and what used more all the same
 * is rejected afterwards, with its answer kept as partial. Fails with kind `budget`.
 * @example guarded(clerk, [guardrails.budget({ steps: 8, usd: 0.2 })])
 */
function budget(
  options: GuardrailOptions &
    Budget & {
      readonly requireExplicit?: boolean;
      /** Lets work in although nothing is left of the budget of its run. */
      readonly allowExhausted?: boolean;
    },
): Guardrail {
  const {
    requireExplicit = false,
    allowExhausted = false,
    ...rest
  } = checked(BudgetShape, options, 'guardrails.budget');
  const { steps, tokens, usd, toolCalls } = rest;
  const limits = Object.fromEntries(
    Object.entries({ steps, tokens, usd, toolCalls }).filter(([, limit]) => limit !== undefined),
  ) as Budget;
  return make('budget', options, { rule: { kind: 'budget', limits, requireExplicit, allowExhausted } });
}

/**
 * At most so many tasks, or tokens of models, in each stretch of `per`, for each key: a bucket that fills steadily. More is rejected with kind
 * `transient` and `retryAfter`. A task that a guardrail further on rejects does not count. Counted for as long as the guardrail stands: in a
 * team for its run, for a guarded tool in this process.
 * @example guardrails.rateLimit({ tasks: 10, per: '1m', key: ({ facts }) => JSON.stringify(facts.metadata?.['user']) })
 */
function rateLimit(
  options: GuardrailOptions & {
    readonly tasks?: number;
    readonly tokens?: number;
    readonly per: Duration;
    /** Whose bucket it is taken from. Pure: no clock, no world. One bucket for all unless told otherwise. */
    readonly key?: (work: KeyedWork) => string;
  },
): Guardrail {
  const { tasks, tokens, per } = checked(RateShape, options, 'guardrails.rateLimit');
  const { key } = options;
  const keyOf = key ? (work: Work) => key(keyed(work)) : () => 'all';
  return make('rateLimit', options, { rule: { kind: 'rateLimit', tasks, tokens, per: milliseconds(per), keyOf } });
}

export interface KeyedWork {
  readonly type: string;
  readonly body: Json;
  readonly to: string | undefined;
  readonly facts: TaskFacts;
}
const keyed = ({ message: { type, body }, to, facts }: Work): KeyedWork => ({ type, body, to, facts });

/**
 * Once everything was cancelled, what comes after is rejected, and what is under way fails with kind `cancelled` and keeps what it had.
 * @example guarded(clerk, [guardrails.cancellation()])
 */
const cancellation = (options: GuardrailOptions = {}): Guardrail =>
  make('cancellation', checked(CheckShape, options, 'guardrails.cancellation') as GuardrailOptions, {
    rule: { kind: 'cancellation' },
  });

export type Patterns = readonly (string | RegExp)[];

/**
 * Looks at what comes in. A text with one of the patterns (texts regardless of case) is rejected, or what the function says no to.
 * @example guardrails.input([/ignore (all|your) instructions/i]), guardrails.input(({ text }) => text.length < 10_000 || 'it is too long')
 */
function input(
  look: Patterns | ((asked: AskedWork) => Says | Promise<Says>),
  options: GuardrailOptions = {},
): Guardrail {
  checked(CheckShape, options, 'guardrails.input');
  const pre = lookOf('input', look);
  return make('input', options, { checks: { pre } });
}

/** What an answer is looked at by: a part of it while it is said (`whole` is false), and all of it at the end. */
export interface AskedOutput extends Partial<AskedAnswer> {
  readonly text: string;
  readonly whole: boolean;
  readonly signal: AbortSignal;
}

/**
 * Looks at what goes out, also while a model is still saying it: a stream that trips is stopped. What was said by then is never shown.
 * @example guardrails.output([/\b\d{16}\b/]), guardrails.output(({ text, whole }) => !whole || text.includes('Sources:') || 'no sources')
 */
function output(
  look: Patterns | ((asked: AskedOutput) => Says | Promise<Says>),
  options: GuardrailOptions & { /** `false`: only the whole answer. */ readonly stream?: boolean } = {},
): Guardrail {
  checked(CheckShape.extend({ stream: z.boolean().optional() }), options, 'guardrails.output');
  const says = lookOf<AskedOutput>('output', look);
  return make('output', options, {
    checks: {
      post: (asked) => says({ ...asked, whole: true }),
      ...(options.stream === false ? {} : { stream: (asked) => says({ ...asked, whole: false }) }),
    },
  });
}

function lookOf<A extends { readonly text: string }>(
  kind: string,
  look: Patterns | ((asked: A) => Says | Promise<Says>),
): (asked: A) => Says | Promise<Says> {
  const given = checked(atOnce, look, `What guardrails.${kind} looks for`);
  if (typeof given === 'function') return given as (asked: A) => Says | Promise<Says>;
  // A pattern that remembers where it was would let every second one through.
  const patterns = given.map((each) =>
    typeof each === 'string' ? each.toLowerCase() : new RegExp(each.source, each.flags.replace(/[gy]/g, '')),
  );
  return ({ text }) => {
    const found = patterns.find((each) =>
      typeof each === 'string' ? text.toLowerCase().includes(each) : each.test(text),
    );
    // A pattern may be a secret itself, and what it found is one.
    return found === undefined || `it has what pattern ${patterns.indexOf(found) + 1} of ${patterns.length} looks for`;
  };
}

/**
 * Which tools may be called. What changes the world is refused unless `writes` says otherwise; the call is not made, and the model is told why.
 * Names may end in `*`. @example guardrails.tool({ deny: ['shell'], writes: 'ask' })
 */
function tool(
  options: GuardrailOptions & {
    /** All of them unless told otherwise. */
    readonly allow?: readonly string[];
    readonly deny?: readonly string[];
    /** `deny` unless told otherwise; `ask`: a person must agree to each. */
    readonly writes?: 'deny' | 'ask' | 'allow';
  } = {},
): Guardrail {
  const { allow, deny = [], writes = 'deny' } = checked(ToolShape, options, 'guardrails.tool');
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
 * Holds what comes in, what goes out, or both to a schema. @example guardrails.schema({ output: z.object({ total: z.number() }) })
 */
function schema(options: GuardrailOptions & { readonly input?: z.ZodType; readonly output?: z.ZodType }): Guardrail {
  checked(SchemaShape, options, 'guardrails.schema');
  const fits = async (type: z.ZodType, body: Json): Promise<Says> => {
    const parsed = await type.safeParseAsync(body);
    return parsed.success || `it does not fit its schema: ${explain(parsed.error, body)}`;
  };
  const { input: before, output: after } = options;
  return make('schema', options, {
    checks: {
      ...(before ? { pre: ({ body }) => fits(before, body) } : {}),
      ...(after ? { post: ({ answer }) => fits(after, answer.body) } : {}),
    },
  });
}

/**
 * A guardrail of your own. Each check gives `true`, `false` or why not; one that throws, or says nothing in time, lets nothing through.
 * `mid` is asked when work begins, and again each `every` while it is under way.
 * @example guardrails.guardrail({ name: 'office-hours', pre: async ({ signal }) => (await isOpen(signal)) || 'nobody is in' })
 */
function guardrail(
  options: GuardrailOptions & Checks & { readonly name: string; readonly every?: Duration },
): Guardrail {
  checked(OwnShape, options, 'guardrails.guardrail');
  const { pre, mid, post, stream, tool: calls, every } = options;
  const checks = Object.fromEntries(
    Object.entries({ pre, mid, post, stream, tool: calls }).filter(([, check]) => check !== undefined),
  ) as Checks;
  return make('own', options, { checks, every });
}

export const guardrails = { timeout, budget, rateLimit, cancellation, input, output, tool, schema, guardrail } as const;
