/** What can be run, and what a run of it starts with. */
import {
  guardedDefinition,
  type AnyAgent,
  type AnyGuarded,
  type AnyMember,
  type AnyOrchestrator,
  type AnyTeam,
} from './anyMember.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { MediaPart } from '../contracts/media.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';
import { requireInput } from '../values/plain.ts';
import { kindOf } from './schemas.ts';
import { taskFacts } from './taskFacts.ts';
import type { MachineRunnable } from './machine.ts';
import { orchestratorTasks } from './orchestratorInput.ts';
import type { Orchestrator } from './orchestratorDefinition.ts';
import type { Flow } from '../flow/flow.ts';
import type { Workflow } from './workflow.ts';

export type { AnyAgent, AnyGuarded, AnyMember, AnyOrchestrator, AnyTeam };

/** Everything that `run` and `runtime.start` take. */
export type Runnable = AnyAgent | AnyTeam | MachineRunnable | AnyGuarded | Orchestrator | Workflow | AnyFlow;

/** A flow, whatever it is given and gives. */
export type AnyFlow = Flow<unknown, unknown>;

const kinds: readonly unknown[] = [
  'agent',
  'team',
  'machine',
  'guarded',
  'orchestrator',
  'workflow',
  'flow',
] satisfies Runnable['kind'][];

/** Was it made by `agent()`, `team()`, `guarded()`, `orchestrator()`, `machine()`, `workflow()` or `flow()`? */
export const isRunnable = (value: unknown): value is Runnable => kinds.includes(kindOf(value));

/** Throws `definition` for anything that cannot be run. */
export function requireRunnable(value: unknown): asserts value is Runnable {
  if (isRunnable(value)) return;
  throw new TroupeError(
    'definition',
    `What runs is an agent({ … }), a team({ … }), something guarded(…), an orchestrator({ … }), a machine(chart), a workflow(file) or a flow(name, …); got ${describeValue(value)}.`,
  );
}

/** The input that a run of a definition starts with, checked against its contract. Throws `invalid` or `unknown_message`. */
export function runInput(subject: Runnable, input: unknown): Json {
  const what = `What "${subject.name}" is given`;
  switch (subject.kind) {
    case 'machine':
      return requireInput(what, input);
    case 'guarded': {
      const inner = guardedDefinition(subject);
      // Everything that can be guarded starts with a message, which is an object.
      return { facts: taskFacts(inner) as JsonObject, ...(runInput(inner, input) as JsonObject) };
    }
    case 'team':
      return requireInput(what, { type: subject.accepts, body: subject.protocol.parse(subject.accepts, input) });
    case 'workflow':
      return requireInput(what, subject.start(input));
    case 'flow':
      return requireInput(what, subject.start(input));
    case 'orchestrator':
      return requireInput(what, orchestratorTasks(subject, input));
    case 'agent': {
      if (!subject.protocol || subject.handles.length === 0) {
        if (typeof input === 'string' && input.trim() !== '') return requireInput(what, { type: 'task', body: input });
        throw new TroupeError(
          'invalid',
          `The agent "${subject.name}" takes a text; got ${input === '' ? 'an empty one' : describeValue(input)}.`,
        );
      }
      const { type, body }: { type?: unknown; body?: unknown } =
        typeof input === 'object' && input !== null ? input : {};
      if (typeof type !== 'string' || !subject.handles.includes(type)) {
        throw new TroupeError(
          'unknown_message',
          `The agent "${subject.name}" takes { "type": ${subject.handles.map((name: string) => JSON.stringify(name)).join(' | ')}, "body": … }; got ${describeValue(input)}.`,
        );
      }
      return requireInput(what, { type, body: subject.protocol.parse(type, body) });
    }
  }
}

/** The input with images, audio and files beside its message, by reference. */
export const withParts = (input: Json, parts: readonly MediaPart[]): Json =>
  // What takes parts starts with a message, which is an object.
  parts.length === 0 ? input : { ...(input as JsonObject), parts: parts.map((part) => asJson(part)) };
