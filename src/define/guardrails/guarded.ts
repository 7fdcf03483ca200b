/** Puts guardrails in front of something: an agent, a team, or a single tool. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import { kindOf } from '../schemas.ts';
import { guardedTool } from './guardedTool.ts';
import { type AnyAgent, type AnyGuarded, type AnyTeam, type Guardable } from '../anyMember.ts';
import type { Tool } from '../../tools/tool.ts';
import type { Guarded } from './guardedDefinition.ts';

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
      ...messageNamesOf(subject),
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
const messageNamesOf = (subject: Guardable): { takes?: string; gives?: string } => {
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
