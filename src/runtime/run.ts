/** Runs a definition to its end in this process, and gives its result. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import type { Agent } from '../define/agent.ts';
import { fromFailure, TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { MessageBody, BodyInput, MessageName, ReplyNames, MessageOf } from '../contracts/protocol.ts';
import type { Duration } from '../values/duration.ts';
import type { ExecutionMode, PipelineResult, TaskResult, TaskSpec } from '../contracts/task.ts';
import { attach } from './attach.ts';
import { storedFailureError } from './retry.ts';
import { runtimeOptionNames, openRuntime, type RuntimeOptions, type Ticket } from './runtime.ts';
import type { Orchestrator } from '../define/orchestratorDefinition.ts';
import type { OrchestratorInput } from '../define/orchestratorInput.ts';
import type { Runnable } from '../define/runnable.ts';
import { systemClock } from '../engine/clock.ts';
import type { Team } from '../define/teamDefinition.ts';
import type { Guarded } from '../define/guardrails/guardedDefinition.ts';
import type { MachineRunnable } from '../define/machine.ts';

/** Options of `run`: those of the runtime, and those of one run. */
export interface RunOptions extends RuntimeOptions {
  /** The key of the run: any number of calls with the same key are one run. A new run by default. */
  readonly key?: string;
  /** How long the run may take from now, as a duration such as '2m' or in milliseconds; the limit of the definition by default. */
  readonly deadline?: Duration;
  /** When the run of this key has failed, goes on from the step that failed, with the definition of today; what succeeded is kept. Otherwise it changes nothing; false by default. */
  readonly retry?: boolean;
  /** Called with each ticket when only a person can move the run on; gives the answer. Without it the run waits for an answer from another process. */
  readonly onTicket?: (ticket: Ticket) => Json | Promise<Json>;
}

/** The input: the body of the message that a team accepts, a message for an agent with a protocol, or a text. */
type Input<S> = S extends Guarded<infer Inner> ? Input<Inner> : InputOf<S>;
type Output<S> = S extends Guarded<infer Inner> ? Output<Inner> : OutputOf<S>;
type InputOf<S> =
  S extends Team<infer M, infer A, infer _R>
    ? BodyInput<M, A>
    : S extends Agent<infer M, infer H>
      ? [H] extends [never]
        ? string
        : {
            [K in H]: {
              /** The name of a message that the agent handles. */
              type: K;
              /** The body of that message. */
              body: BodyInput<M, K>;
            };
          }[H]
      : S extends MachineRunnable
        ? Json
        : S extends Orchestrator
          ? OrchestratorInput
          : never;
type OutputOf<S> =
  S extends Team<infer M, infer _A, infer R>
    ? MessageBody<M, R>
    : S extends Agent<infer M, infer H>
      ? [H] extends [never]
        ? string
        : MessageOf<M, ReplyNames<M, H> & MessageName<M>>
      : Json;

/**
 * Runs an agent, a team, an orchestrator or a machine, and gives its result. Rejects with the TroupeError that ended it.
 * With a `key` the run is durable: after the process has died, the same call continues it.
 * @example const article = await run(newsroom, { topic: 'actors' }, { key: 'job-42' });
 */
export function run<Mode extends ExecutionMode, Own extends ExecutionMode = Mode>(
  subject: Orchestrator<Mode>,
  input: {
    /** The tasks, each a text or with options. */
    readonly tasks: readonly (TaskSpec | string)[];
    /** How many are worked on at once; the mode of the orchestrator by default. */
    readonly mode?: Own;
  },
  options?: RunOptions,
): Promise<Own extends 'pipeline' ? PipelineResult : TaskResult[]>;
export function run(subject: Orchestrator, input: string | TaskSpec, options?: RunOptions): Promise<TaskResult>;
export function run<S extends Runnable>(subject: S, input: Input<S>, options?: RunOptions): Promise<Output<S>>;
export async function run<S extends Runnable>(subject: S, input: Input<S>, given: RunOptions = {}): Promise<Output<S>> {
  requireOptions('run', given, runOptionNames);
  const { key, deadline, retry, onTicket, ...options } = given;
  await using runtime = await openRuntime(options);
  const begin = () =>
    runtime.start(subject, input, {
      ...(key === undefined ? {} : { key }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(retry === undefined ? {} : { retry }),
    });
  const handle = await (key === undefined ? begin() : attach(begin, options.clock ?? systemClock()));
  for (;;) {
    const outcome = await handle.outcome({ returnWhenWaiting: onTicket !== undefined });
    switch (outcome.status) {
      case 'done':
        // What comes out was checked by the schema of its message; the types say which.
        return outcome.output as Output<S>;
      case 'failed':
        throw handle.endedAt === undefined
          ? fromFailure(outcome.failure)
          : storedFailureError(handle.id, handle.endedAt, outcome.failure);
      case 'cancelled':
        throw new TroupeError('cancelled', `The run ${handle.id} was cancelled: ${outcome.reason}.`, {
          data: outcome.partial === undefined ? undefined : { partial: outcome.partial },
        });
      case 'parked':
        if (outcome.failure && outcome.failure.kind !== 'fenced') throw fromFailure(outcome.failure);
        throw new TroupeError(
          'owned_elsewhere',
          `Another process went on with the run ${handle.id}. Ask there, or with "troupe runs get ${handle.id}".`,
        );
      case 'waiting':
        for (const ticket of outcome.tickets) {
          if (!onTicket) break; // Without it the runtime waits on by itself.
          await runtime.answer(ticket.id, await onTicket(ticket)).catch(unlessSettled);
        }
    }
  }
}

/** The ticket has expired, or was answered elsewhere: the run goes on either way. */
function unlessSettled(thrown: unknown): void {
  if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict') throw thrown;
}

const runOptionNames: OptionNames<RunOptions> = {
  ...runtimeOptionNames,
  key: true,
  deadline: true,
  retry: true,
  onTicket: true,
};
