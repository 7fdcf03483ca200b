/** Defines a durable actor from any XState machine. */
import type { AnyStateMachine } from 'xstate';
import { TroupeError } from '../values/failure.ts';
import { ownTypes } from '../values/ids.ts';
import type { ActorType, ActorTypeOptions } from '../core/actorType.ts';
import { actorType } from '../engine/nodePlatform.ts';

/** A machine that can be run. */
export interface MachineRunnable {
  readonly kind: 'machine';
  /** The machine's id. */
  readonly name: string;
  /** The actor type that runs it. */
  readonly type: ActorType;
}

/**
 * Makes any XState machine into something that `run` takes. The machine is checked here: parts that cannot be made durable are refused by name. Throws `definition`.
 * @example run(machine(setup({ … }).createMachine({ … })), input)
 */
export function machine(chart: AnyStateMachine, options: ActorTypeOptions = {}): MachineRunnable {
  const type = actorType(chart, options);
  if (ownTypes.has(type.name))
    throw new TroupeError(
      'definition',
      `A machine cannot be called "${type.name}", which is a name of the runtime's own. Give it another id.`,
    );
  return { kind: 'machine', name: type.name, type };
}
