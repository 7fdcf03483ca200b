/** Whether a guard of the machine passes. */
import type { AnyEventObject } from 'xstate';
import type { GuardFunction, GuardReference, ReferenceTo, StepArguments, WorkingSnapshot } from './xstate.ts';

/** Throws what the guard throws, and for a guard that the machine does not have. */
export function passes(guard: GuardReference, snapshot: WorkingSnapshot, event: AnyEventObject): boolean {
  let found: GuardReference | undefined = guard;
  if (typeof guard !== 'function') {
    const name = typeof guard === 'string' ? guard : guard.type;
    found = snapshot.machine.implementations.guards[name] as GuardReference | undefined;
    if (!found) throw new Error(`Guard '${name}' is not implemented.'.`);
    // A guard may be declared as a reference to another one.
    if (typeof found !== 'function') return passes(found, snapshot, event);
  }
  const { check } = found as GuardFunction;
  const args: StepArguments = { context: snapshot.context, event };
  if (check) return check(snapshot, args, found);
  return (found as GuardFunction)(args, typeof guard === 'object' ? parametersOf(guard, args) : undefined);
}

/** The parameters of a reference, which may depend on the context and the event. */
export function parametersOf<F>(reference: ReferenceTo<F>, { context, event }: StepArguments): unknown {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { params } = reference as { readonly params?: unknown };
  return typeof params === 'function' ? (params as (args: StepArguments) => unknown)({ context, event }) : params;
}
