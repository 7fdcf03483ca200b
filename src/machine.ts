/** Level two: any XState machine as a durable actor of its own. */
import type { AnyStateMachine } from 'xstate';
import { actorType, type ActorType, type ActorTypeOptions } from './system/actorType.ts';

export interface MachineSubject {
  readonly kind: 'machine';
  readonly name: string;
  readonly type: ActorType;
}

/**
 * Makes a machine something that `run` takes. It is checked here: what cannot be made durable is refused by name.
 * @example run(machine(setup({ … }).createMachine({ … })), input)
 */
export function machine(chart: AnyStateMachine, options: ActorTypeOptions = {}): MachineSubject {
  const type = actorType(chart, options);
  return { kind: 'machine', name: type.name, type };
}
