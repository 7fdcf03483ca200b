/** What a definition says about its own work. */
import { milliseconds } from '../values/duration.ts';
import type { TaskFacts } from '../contracts/work.ts';
import { guardedDefinition, type AnyOrchestrator, type AnyTeam, type Guardable } from './anyMember.ts';
import type { MachineRunnable } from './machine.ts';
import type { Workflow } from './workflow.ts';

/** What a definition says about its own work: how long it may take, and what it may use up. */
export function taskFacts(subject: Guardable | AnyOrchestrator | MachineRunnable | Workflow): TaskFacts {
  if (subject.kind === 'guarded') return taskFacts(guardedDefinition(subject));
  if (subject.kind === 'machine' || subject.kind === 'orchestrator' || subject.kind === 'workflow') return {};
  const { deadline, budget } =
    subject.kind === 'agent'
      ? { deadline: subject.deadline, budget: subject.definition('').budget }
      : teamFacts(subject);
  return {
    ...(deadline === undefined ? {} : { timeout: milliseconds(deadline) }),
    ...(budget === undefined ? {} : { budget }),
  };
}

/** A default is not what the definition asks for. */
const teamFacts = ({ options, hasDefaultDeadline }: AnyTeam): Pick<AnyTeam['options'], 'deadline' | 'budget'> =>
  hasDefaultDeadline ? (options.budget === undefined ? {} : { budget: options.budget }) : options;
