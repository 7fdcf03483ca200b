/** A machine that works for an agent: compiled for the call that `asTool(machine(…), …)` makes of it. */
import { machineWorkMachine } from '../../machines/machineWork.ts';
import { lightCopy } from '../core/lightCopy.ts';
import { AgentSignal } from '../contracts/agent.ts';
import type { MachineRunnable } from './machine.ts';
import type { Compiled } from './member.ts';

/** The machine as the child of the actor of its call. It keeps the name and the options with which it was defined. */
export const compileWorker = ({ type, options }: MachineRunnable): Compiled => ({
  machine: lightCopy(machineWorkMachine, {
    // The engine hosts a machine in a slot as a child; the slot's own type is that of an effect.
    actors: { machine: type.chart.machine as never },
  }),
  options: { signals: AgentSignal, children: { machine: { ...options, name: type.name } } },
});
