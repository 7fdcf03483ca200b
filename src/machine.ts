/** Level two: any XState machine as a durable actor of its own. */
import type { AnyStateMachine } from 'xstate';
import { TroupeError } from './contracts/failure.ts';
import { ownTypes } from './contracts/ids.ts';
import type { ActorType, ActorTypeOptions } from './system/actorType.ts';
import { actorType } from './system/nodePlatform.ts';

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
  if (ownTypes.has(type.name))
    throw new TroupeError(
      'definition',
      `A machine cannot be called "${type.name}", which is a name of the runtime's own. Give it another id.`,
    );
  return { kind: 'machine', name: type.name, type };
}
