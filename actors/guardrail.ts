/** Guardrails ready for the engine: one actor for each, the first in front, the last one with what is supervised behind it. */
import type { AnyStateMachine } from 'xstate';
import type { AskedWork, Checks } from '../src/contracts/guardrail.ts';
import type { Json } from '../src/contracts/json.ts';
import type { Work } from '../src/contracts/work.ts';
import type { Checking } from '../machines/guardrail/draft.ts';
import { guardrailWith } from '../machines/guardrail/guardrail.ts';
import { defaultGuardrailSettings, type Rule, type Tongue, type Trip } from '../machines/guardrail/settings.ts';
import type { Verdict } from '../machines/guardrail/vocabulary.ts';
import { effect } from './effect.ts';
import { verdictOf } from './verdict.ts';
import { watched } from './watch.ts';

/** One guardrail as it was defined. Times are milliseconds. */
export interface Guardrail {
  readonly kind: 'guardrail';
  readonly name: string;
  /** The name of its actors, made from its own. */
  readonly id: string;
  /** Its place in the fixed order; those of one rank stand as they were given. */
  readonly rank: number;
  readonly rule: Rule;
  readonly checks: Checks;
  /** How long each of its checks may take. */
  readonly limit: number;
  /** How often `mid` is asked while work is under way. */
  readonly every?: number;
  readonly trip?: Trip;
}

export interface Chain {
  /** In the order in which work meets them; at least one. */
  readonly guardrails: readonly Guardrail[];
  /** By name; work says for whom it is, unless there is one only. */
  readonly supervised: Readonly<Record<string, AnyStateMachine>>;
  /** Its result is the body of the answer alone. */
  readonly bare?: boolean;
}

/** The first guardrail's machine; it has the next one as its child, and so on. */
export function guardrailChain({ guardrails, supervised, bare = false }: Chain): AnyStateMachine {
  const inside = Object.fromEntries(
    Object.entries(supervised).map(([name, machine]) => [name, watched(machine, guardrails)]),
  );
  const spoken = Object.fromEntries(Object.entries(supervised).map(([name, machine]) => [name, tongueOf(machine)]));
  let below: Guardrail | undefined;
  let machine: AnyStateMachine | undefined;
  guardrails.toReversed().forEach((guardrail, depth) => {
    const { name, rule, checks, limit, every, trip } = guardrail;
    const settings = {
      ...defaultGuardrailSettings,
      name,
      rule,
      asks: (['pre', 'mid', 'post'] as const).filter((stage) => checks[stage] !== undefined),
      every: checks.mid ? every : undefined,
      patience: limit,
      trip,
      below: below?.id,
      supervised: below ? {} : spoken,
      // Whoever stands further in front waits longer, so that it hears what was used.
      grace: defaultGuardrailSettings.grace * (depth + 1),
      bare: bare && depth === guardrails.length - 1,
    };
    const behind = below ? { [below.id]: machine! } : inside;
    // What is behind it is provided by name; the chart need not know it.
    const actors = { ...behind, checkWork: checkOf(guardrail) } as never;
    machine = guardrailWith(settings).provide({ actors }) as AnyStateMachine;
    below = guardrail;
  });
  return machine!;
}

const tongues: Readonly<Record<string, Tongue>> = { run: 'run', guardrail: 'work', router: 'work' };
/** Whatever is none of ours is spoken to as an agent. */
const tongueOf = ({ id }: AnyStateMachine): Tongue => tongues[id] ?? 'agent';

const checkOf = ({ checks }: Guardrail) =>
  effect<Verdict, Checking>(async ({ stage, work, output }, { signal }) => {
    const asked = askedOf(work, signal);
    if (stage === 'pre' || stage === 'mid') return verdictOf(await checks[stage]!(asked));
    if (stage !== 'post' || output?.status !== 'completed') return { ok: true };
    const { answer, usage } = output;
    return verdictOf(await checks.post!({ ...asked, text: textOf(answer.body), answer, usage }));
  });

/** A body as a text. */
export const textOf = (body: Json): string => (typeof body === 'string' ? body : JSON.stringify(body));

const askedOf = ({ message: { type, body }, to, attempt, facts }: Work, signal: AbortSignal): AskedWork => ({
  type,
  body,
  text: textOf(body),
  to,
  attempt,
  facts,
  signal,
});
