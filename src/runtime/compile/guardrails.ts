/** Compiles guardrails, and what they guard. */
import { guardrailChain } from '../../../actors/guardrail.ts';
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { GuardrailMessage } from '../../contracts/guardrail.ts';
import type { ActorTypeOptions } from '../../core/actorType.ts';
import { guardedDefinition, type AnyGuarded } from '../../define/anyMember.ts';
import { sortedGuardrails } from '../../define/guardrails/guarded.ts';
import type { Compiled } from '../../define/member.ts';
import { TroupeError } from '../../values/failure.ts';
import { reservedTypes } from '../../values/ids.ts';
import { childOptionsOf, machinesOf, type CompiledMembers, type CompileMember } from './members.ts';
import { ticketOptions } from './ticketOptions.ts';

/** A compiled chain of guardrails, with the name of its actor type. */
export interface CompiledGuardrails extends Compiled {
  readonly name: string;
}

/**
 * Compiles guardrails to one long-lived machine that supervises members: it takes `work` with `to`, and answers with `work.done`.
 * `options` are for the actor type it is a child of. Throws `definition`.
 * @example const { machine, options } = compileGuardrails([guardrails.timeout({ max: '2m' })], { clerk: { machine, options } })
 */
export function compileGuardrails(
  guardrails: readonly Guardrail[],
  supervised: CompiledMembers,
  { bare = false }: { readonly bare?: boolean } = {},
): CompiledGuardrails {
  const [first, ...rest] = sortedGuardrails(guardrails, []);
  if (!first) throw new TroupeError('definition', 'A chain of guardrails has at least one.');
  const machine = guardrailChain({ guardrails: [first, ...rest], supervised: machinesOf(supervised), bare });
  const longLived = (children: NonNullable<ActorTypeOptions['children']>): ActorTypeOptions => ({
    signals: GuardrailMessage,
    endsByDeadline: true,
    children: { ...ticketOptions, ...children },
  });
  const options = rest.reduceRight(
    (below, { id }) => longLived({ [id]: below }),
    longLived(childOptionsOf(supervised)),
  );
  return { name: first.id, machine, options };
}

/** A definition with its guardrails in front. */
export function compileGuarded(guarded: AnyGuarded, compileMember: CompileMember): CompiledGuardrails {
  const { guardrails, bare } = guarded;
  const inner = guardedDefinition(guarded);
  // Its actors have its name, unless the runtime uses that name itself.
  const name = reservedTypes.has(inner.name) ? 'subject' : inner.name;
  return compileGuardrails(guardrails, { [name]: compileMember(inner) }, { bare });
}
