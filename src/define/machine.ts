/** Defines a durable actor from any XState machine. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { TroupeError } from '../values/failure.ts';
import { reservedTypes } from '../values/ids.ts';
import { defineActorType, type ActorType, type ActorTypeOptions } from '../core/actorType.ts';
import type { StateMachine } from '../core/chart.ts';
import type { Platform } from '../core/platform.ts';

/** A machine that can be run. */
export interface MachineRunnable {
  readonly kind: 'machine';
  /** The machine's id. */
  readonly name: string;
  /** The actor type that runs it. */
  readonly type: ActorType;
  /** The options with which it was defined; for an agent that calls it. */
  readonly options: ActorTypeOptions;
}

/** Checks a machine and its options, and makes it something that can be run on the given platform. Throws `definition` or `unsupported`. */
export function defineMachine(chart: StateMachine, options: ActorTypeOptions, platform: Platform): MachineRunnable {
  requireOptions(`machine "${chart.id}"`, options, machineOptionNames);
  const type = defineActorType(chart, options, platform);
  if (reservedTypes.has(type.name))
    throw new TroupeError(
      'definition',
      `A machine cannot be called "${type.name}", which is a name of the runtime's own. Give it another id.`,
    );
  return { kind: 'machine', name: type.name, type, options };
}

const machineOptionNames: OptionNames<ActorTypeOptions> = {
  name: true,
  handles: true,
  signals: true,
  endsByDeadline: true,
  deadline: true,
  context: true,
  supervise: true,
  mailbox: true,
  migrate: true,
  children: true,
};
