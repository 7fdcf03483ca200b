/** `machine()`: any XState machine as something that runs in Node. */
import type { ActorTypeOptions } from '../core/actorType.ts';
import type { StateMachine } from '../core/chart.ts';
import { defineMachine, type MachineRunnable } from '../define/machine.ts';
import { nodePlatform } from '../engine/nodePlatform.ts';

/**
 * Makes any XState machine into something that `run` takes. The machine is checked here: parts that cannot be made durable are refused by name. Throws `definition`.
 * @example run(machine(setup({ … }).createMachine({ … })), input)
 */
export const machine = (chart: StateMachine, options: ActorTypeOptions = {}): MachineRunnable =>
  defineMachine(chart, options, nodePlatform);
