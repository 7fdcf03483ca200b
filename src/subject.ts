import type { Agent } from './agent.ts';
import type { MachineSubject } from './machine.ts';
import type { Team } from './team.ts';
// Whatever it speaks: what a run does with it is decided by its kind.
// oxlint-disable-next-line typescript/no-explicit-any -- variance: the members' own message types are checked where they are used
export type Subject = Agent<any, any> | Team<any, any, any> | MachineSubject;
