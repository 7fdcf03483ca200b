/** Guardrails in front of something: an agent, a team, or a single tool. */
import type { Guardrail } from '../actors/guardrail.ts';
import { milliseconds } from './contracts/duration.ts';
import { came } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { TaskFacts } from './contracts/work.ts';
import { guardedTool } from './guardedTool.ts';
import type { AnyAgent, AnyGuarded, AnyTeam, Subject } from './subject.ts';
import type { Tool } from './tools/tool.ts';

export interface Guarded<S> {
  readonly kind: 'guarded';
  /** Of what it guards. */
  readonly name: string;
  readonly subject: S;
  /** In the order in which work meets them. */
  readonly guardrails: readonly Guardrail[];
  /** What it guards gives a body alone, as a team does. */
  readonly bare: boolean;
  /** What it speaks and takes is what it guards speaks and takes: it may stand wherever that may. */
  readonly protocol: S extends { readonly protocol: infer P } ? P : never;
  readonly handles: S extends { readonly handles: infer H } ? H : never;
  readonly takes?: string;
  readonly gives?: string;
  /** Whom it is in front of, by name. */
  readonly members: Readonly<Record<string, S>>;
}

/**
 * Puts guardrails in front of an agent, a team or a tool. What comes of it is run, nested or called as before, with the same types; a rejection
 * is a failure whose `data` has `refusedBy`, `stage` and `reason`. Work meets the guardrails in a fixed order (timeout, budget, rateLimit,
 * cancellation, input, output, tool, schema, then your own), the first one to reject it ends it, and results meet them the other way round.
 * Throws `definition`.
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
  const { kind, name } = (subject ?? {}) as { kind?: unknown; name?: string };
  if (kind === 'agent' || kind === 'team' || kind === 'guarded') {
    const inner = subject as AnyAgent | AnyTeam | AnyGuarded;
    const bare = inner.kind === 'team' || (inner.kind === 'guarded' && inner.bare);
    return Object.freeze({
      kind: 'guarded',
      name: inner.name,
      subject: inner,
      guardrails: inOrder(guardrails, [...namesIn(inner)]),
      bare,
      protocol: inner.protocol,
      handles: inner.handles,
      ...calledBy(inner),
      members: { [inner.name]: inner },
    });
  }
  if (typeof (subject as Partial<Tool> | null)?.run === 'function' && typeof name === 'string')
    return guardedTool(subject as Tool, inOrder(guardrails, []));
  throw new TroupeError(
    'definition',
    `What is guarded is an agent({ … }), a team({ … }), a tool({ … }) or something guarded already; got ${came(subject)}.`,
  );
}

/** What its message and its answer are called in a team. */
const calledBy = (subject: AnyAgent | AnyTeam | AnyGuarded): { takes?: string; gives?: string } => {
  if (subject.kind === 'team') return { gives: subject.returns as string };
  const { takes, gives } = subject as Partial<AnyGuarded>;
  return { ...(takes === undefined ? {} : { takes }), ...(gives === undefined ? {} : { gives }) };
};

const namesIn = (subject: AnyAgent | AnyTeam | AnyGuarded): string[] =>
  subject.kind === 'guarded' ? [subject.name, ...subject.guardrails.map(({ id }) => id)] : [subject.name];

/** Checked, and sorted by the fixed order. `taken`: names of those they guard. Throws `definition`. */
export function inOrder(guardrails: readonly Guardrail[], taken: readonly string[]): readonly Guardrail[] {
  if (!Array.isArray(guardrails) || guardrails.length === 0)
    throw new TroupeError(
      'definition',
      `guarded(…) takes a list of guardrails with at least one; got ${came(guardrails)}.`,
    );
  for (const each of guardrails as readonly unknown[])
    if ((each as Partial<Guardrail> | null)?.kind !== 'guardrail')
      throw new TroupeError(
        'definition',
        `A guardrail is made by guardrails.timeout({ … }) and its like; got ${came(each)}.`,
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

/** What is known of a task from whoever does it: the time and the budget that it was defined with. */
export function factsOf(subject: Subject): TaskFacts {
  if (subject.kind === 'guarded') return factsOf(subject.subject as Subject);
  if (subject.kind === 'machine' || subject.kind === 'orchestrator') return {};
  const { deadline, budget } =
    subject.kind === 'agent' ? { deadline: subject.deadline, budget: subject.definition('').budget } : subject.options;
  return {
    ...(deadline === undefined ? {} : { timeout: milliseconds(deadline) }),
    ...(budget === undefined ? {} : { budget }),
  };
}
