/**
 * A machine with other implementations that shares the state nodes of the original. XState's own `provide` builds every state node again, which costs more than a
 * short run. XState finds actors, actions, guards and delays by the machine of a snapshot, never by the machine of a state node, so sharing changes nothing;
 * and what is known of the states of one machine, such as the plans of its steps, is known of all its copies. Who changes state nodes needs `provide`.
 */
import type { AnyStateMachine } from 'xstate';

/** The methods that XState binds to a machine when it is constructed. */
const bound = ['transition', 'getInitialSnapshot', 'getPersistedSnapshot', 'restoreSnapshot', 'start'] as const;

/** The same machine, with these implementations in place of its own of the same name. */
export function lightCopy<Machine extends AnyStateMachine>(
  machine: Machine,
  given: Parameters<Machine['provide']>[0],
): Machine {
  // The class of the machine: another copy of XState may have made it.
  const methods = Object.getPrototypeOf(machine) as AnyStateMachine;
  const { actors, actions, guards, delays } = machine.implementations;
  // As those of any machine: the names that this one may use were checked by the type of `given`.
  const others = given as Partial<AnyStateMachine['implementations']>;
  const copy = Object.assign(Object.create(methods) as AnyStateMachine, machine, {
    implementations: {
      actors: others.actors ? { ...actors, ...others.actors } : actors,
      actions: others.actions ? { ...actions, ...others.actions } : actions,
      guards: others.guards ? { ...guards, ...others.guards } : guards,
      delays: others.delays ? { ...delays, ...others.delays } : delays,
    },
  });
  for (const name of bound) Object.assign(copy, { [name]: methods[name].bind(copy) });
  // It has all that the machine has.
  return copy as Machine;
}
