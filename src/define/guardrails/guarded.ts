/** Puts guardrails in front of something: an agent, a team, or a single tool. */
import type { Guardrail } from '../../../actors/guardrail.ts';
import { milliseconds } from '../../values/duration.ts';
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { TaskFacts } from '../../contracts/work.ts';
import { kindOf } from '../schemas.ts';
import { guardedTool } from './guardedTool.ts';
import { guardedDefinition, type AnyAgent, type AnyGuarded, type AnyTeam, type Guardable } from '../anyMember.ts';
import type { Runnable } from '../runnable.ts';
import type { Tool } from '../../tools/tool.ts';

/** Something with guardrails in front of it. It is run, nested and called as what it guards. */
export interface Guarded<S> {
  readonly kind: 'guarded';
  /** The name of what it guards. */
  readonly name: string;
  /** What it guards. */
  readonly subject: S;
  /** In the order in which they check work. */
  readonly guardrails: readonly Guardrail[];
  /** True when what it guards answers with a body alone, as a team does. */
  readonly bare: boolean;
  /** The protocol of what it guards. */
  readonly protocol: S extends { readonly protocol: infer P } ? P : never;
  /** The messages that it takes: those of what it guards. */
  readonly handles: S extends { readonly handles: infer H } ? H : never;
  /** The name under which what it guards knows the message it is given, where that is another. */
  readonly takes?: string;
  /** The name that its answer has in a team, where that is another. */
  readonly gives?: string;
  /** What it guards, by name. */
  readonly members: Readonly<Record<string, S>>;
}

/**
 * Puts guardrails in front of an agent, a team or a tool. The result is run, nested or called as before, with the same types.
 * Guardrails check work in a fixed order: timeout, budget, rateLimit, cancellation, input, output, tool, schema, then your own. The first
 * one that rejects the work ends it. Results are checked in the opposite order. A rejection is a failure whose `data` has `refusedBy`,
 * `stage` and `reason`. Throws `definition`.
 * @example await run(guarded(clerk, [guardrails.timeout({ max: '2m' }), guardrails.output([/secret/i])]), 'Write to Ada.')
 */
export function guarded<S extends AnyAgent | AnyTeam | AnyGuarded>(
  subject: S,
  guardrails: readonly Guardrail[],
): Guarded<S>;
export function guarded<I, O>(subject: Tool<I, O>, guardrails: readonly Guardrail[]): Tool<I, O>;
export function guarded(
  subject: AnyAgent | AnyTeam | AnyGuarded | Tool,
  guardrails: readonly Guardrail[],
): Guarded<AnyAgent | AnyTeam | AnyGuarded> | Tool {
  if (isGuardable(subject)) {
    const bare = subject.kind === 'team' || (subject.kind === 'guarded' && subject.bare);
    return Object.freeze({
      kind: 'guarded',
      name: subject.name,
      subject,
      guardrails: sortedGuardrails(guardrails, [...namesIn(subject)]),
      bare,
      protocol: subject.protocol,
      handles: subject.handles,
      ...calledBy(subject),
      members: { [subject.name]: subject },
    });
  }
  if (isTool(subject)) return guardedTool(subject, sortedGuardrails(guardrails, []));
  throw new TroupeError(
    'definition',
    `What is guarded is an agent({ … }), a team({ … }), a tool({ … }) or something guarded already; got ${describeValue(subject)}.`,
  );
}

const isGuardable = (subject: AnyAgent | AnyTeam | AnyGuarded | Tool): subject is Guardable => {
  const kind = kindOf(subject);
  return kind === 'agent' || kind === 'team' || kind === 'guarded';
};
const isTool = (subject: Partial<Tool> | null | undefined): subject is Tool =>
  typeof subject?.run === 'function' && typeof subject.name === 'string';

/** The names that its message and its answer have in a team. */
const calledBy = (subject: Guardable): { takes?: string; gives?: string } => {
  if (subject.kind === 'agent') return {};
  if (subject.kind === 'team') return { gives: String(subject.returns) };
  const { takes, gives } = subject;
  return { ...(takes === undefined ? {} : { takes }), ...(gives === undefined ? {} : { gives }) };
};

const namesIn = (subject: Guardable): string[] =>
  subject.kind === 'guarded' ? [subject.name, ...subject.guardrails.map(({ id }) => id)] : [subject.name];

/** Checks a list of guardrails and sorts it by the fixed order. `taken`: names that no guardrail may have. Throws `definition`. */
export function sortedGuardrails(guardrails: readonly Guardrail[], taken: readonly string[]): readonly Guardrail[] {
  if (!Array.isArray(guardrails) || guardrails.length === 0)
    throw new TroupeError(
      'definition',
      `guarded(…) takes a list of guardrails with at least one; got ${describeValue(guardrails)}.`,
    );
  for (const each of guardrails)
    if (kindOf(each) !== 'guardrail')
      throw new TroupeError(
        'definition',
        `A guardrail is made by guardrails.timeout({ … }) and its like; got ${describeValue(each)}.`,
      );
  const ids = guardrails.map(({ id }) => id);
  const twice = guardrails.find(({ id }, index) => ids.indexOf(id) !== index);
  if (twice)
    throw new TroupeError(
      'definition',
      `Two guardrails are called "${twice.name}": nobody could tell which one rejected. Give one of them a name of its own: { name: '…' }.`,
    );
  const clash = guardrails.find(({ id }) => taken.includes(id));
  if (clash)
    throw new TroupeError(
      'definition',
      `The guardrail "${clash.name}" has the name of what it guards. Give it another: { name: '…' }.`,
    );
  return guardrails.toSorted((a, b) => a.rank - b.rank);
}

/** What a definition says about its own work: how long it may take, and what it may use up. */
export function taskFacts(subject: Runnable): TaskFacts {
  if (subject.kind === 'guarded') return taskFacts(guardedDefinition(subject));
  if (subject.kind === 'machine' || subject.kind === 'orchestrator') return {};
  const { deadline, budget } =
    subject.kind === 'agent' ? { deadline: subject.deadline, budget: subject.definition('').budget } : subject.options;
  return {
    ...(deadline === undefined ? {} : { timeout: milliseconds(deadline) }),
    ...(budget === undefined ? {} : { budget }),
  };
}
