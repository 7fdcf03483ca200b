/** What can be run, and what a run of it starts with. */
import type { Agent } from './agent.ts';
import { came } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { Json, JsonObject } from './contracts/json.ts';
import { requireInput } from './contracts/plain.ts';
import type { ExecutionMode } from './contracts/task.ts';
import { factsOf, type Guarded } from './guarded.ts';
import type { MachineSubject } from './machine.ts';
import { tasksOf } from './orchestratorInput.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { Team } from './team.ts';

/* oxlint-disable typescript/no-explicit-any -- A run takes agents and teams of any protocol; their message types were checked where they were defined. */
export type AnyAgent = Agent<any, any>;
export type AnyTeam = Team<any, any, any>;
export type AnyGuarded = Guarded<any>;
export type AnyOrchestrator = Orchestrator<ExecutionMode, any>;
export type Subject = AnyAgent | AnyTeam | MachineSubject | AnyGuarded | Orchestrator;
/* oxlint-enable typescript/no-explicit-any */

const kinds: readonly unknown[] = ['agent', 'team', 'machine', 'guarded', 'orchestrator'] satisfies Subject['kind'][];

export const isSubject = (value: unknown): value is Subject =>
  kinds.includes((value as Partial<Subject> | null | undefined)?.kind);

/** Throws `definition`. */
export function requireSubject(value: unknown): asserts value is Subject {
  if (isSubject(value)) return;
  throw new TroupeError(
    'definition',
    `What runs is an agent({ … }), a team({ … }), something guarded(…), an orchestrator({ … }) or a machine(chart); got ${came(value)}.`,
  );
}

/** What a run of a subject starts with, checked against its contract. Throws `invalid` or `unknown_message`. */
export function inputOf(subject: Subject, input: unknown): Json {
  const what = `What "${subject.name}" is given`;
  switch (subject.kind) {
    case 'machine':
      return requireInput(what, input);
    case 'guarded': {
      const inner = inputOf(subject.subject as Subject, input) as JsonObject;
      return { facts: factsOf(subject.subject as Subject) as JsonObject, ...inner };
    }
    case 'team':
      return requireInput(what, { type: subject.accepts, body: subject.protocol.parse(subject.accepts, input) });
    case 'orchestrator':
      return requireInput(what, tasksOf(subject, input));
    case 'agent': {
      if (!subject.protocol || subject.handles.length === 0) {
        if (typeof input === 'string' && input.trim() !== '') return requireInput(what, { type: 'task', body: input });
        throw new TroupeError(
          'invalid',
          `The agent "${subject.name}" takes a text; got ${input === '' ? 'an empty one' : came(input)}.`,
        );
      }
      const { type, body } = (input ?? {}) as { type?: string; body?: unknown };
      if (type === undefined || !subject.handles.includes(type)) {
        throw new TroupeError(
          'unknown_message',
          `The agent "${subject.name}" takes { "type": ${subject.handles.map((name: string) => JSON.stringify(name)).join(' | ')}, "body": … }; got ${came(input)}.`,
        );
      }
      return requireInput(what, { type, body: subject.protocol.parse(type, body) });
    }
  }
}
