/** Whether a guard of the machine passes. */
import type { AnyEventObject } from 'xstate';
import type { GuardFunction, GuardReference, ReferenceTo, StepArguments, WorkingSnapshot } from './xstate.ts';

/** Throws what the guard throws, and for a guard that the machine does not have. */
export function passes(guard: GuardReference, snapshot: WorkingSnapshot, event: AnyEventObject): boolean {
  const found = typeof guard === 'function' ? guard : declaredGuard(guard, snapshot);
  if (typeof found !== 'function') return passes(found, snapshot, event);
  const args: StepArguments = { context: snapshot.context, event };
  return 'check' in found && found.check ? found.check(snapshot, args, found) : found(args, parametersOf(guard, args));
}

function declaredGuard(guard: Exclude<GuardReference, GuardFunction>, { machine }: WorkingSnapshot): GuardReference {
  const name = typeof guard === 'string' ? guard : guard.type;
  // A guard may be declared as a reference to another one.
  const found = machine.implementations.guards[name] as GuardReference | undefined;
  if (!found) throw new Error(`Guard '${name}' is not implemented.'.`);
  return found;
}

/** The parameters of a reference, which may depend on the context and the event. */
export function parametersOf<F>(reference: ReferenceTo<F>, { context, event }: StepArguments): unknown {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { params } = reference as { readonly params?: unknown };
  return typeof params === 'function' ? (params as (args: StepArguments) => unknown)({ context, event }) : params;
}
