/** Steers an orchestration that runs, in this process or in another: what is said goes to its actor as a message and is kept in the journal. */
import { TroupeError } from './contracts/failure.ts';
import type { JsonObject } from './contracts/json.ts';
import type { Monitor, Reconfiguration, TaskSpec } from './contracts/task.ts';
import { Task } from './contracts/task.ts';
import { checked } from './contracts/explain.ts';
import { monitorOf } from './monitor.ts';
import { hardeningOf, type HardeningJson } from './orchestrate/hardening.ts';
import type { RunHandle, Runtime } from './runtime.ts';

export interface Control {
  /** Other limits from now on, and other retries for tasks that have not begun; as ours, or as the seed's JSON, whose guardrails cannot change while it runs. */
  configure(options: Reconfiguration | HardeningJson): Promise<void>;
  /** Nothing more begins; what is under way is told to stop. */
  cancel(reason?: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Everybody is back in rotation; one that stands takes tasks again after it was cancelled. */
  reset(): Promise<void>;
  /** One more task, for an orchestration that stands. */
  add(task: TaskSpec | string): Promise<void>;
  /** No more tasks will come: it ends when everything is answered. */
  close(): Promise<void>;
  /** How it stands, as of its last step. */
  monitor(): Promise<Monitor>;
}

/**
 * The controls of one orchestration and no other. Each rejects with `conflict` when it has ended, and `invalid` when the run is no orchestration.
 * @example const desk = control(runtime, handle); await desk.configure({ limits: { maxTotalTasks: 50 } }); await desk.cancel('enough');
 */
export function control(runtime: Runtime, run: Pick<RunHandle, 'root'>): Control {
  const { root } = run;
  const say = (type: string, more: object = {}) =>
    runtime.signal(root, { ...(more as JsonObject), type: `orchestra.${type}` });
  return {
    configure: async (options) => say('configure', changesOf(options)),
    cancel: (reason = 'cancelled by its control') => say('cancel', { reason }),
    pause: () => say('pause'),
    resume: () => say('resume'),
    reset: () => say('reset'),
    add: async (task) =>
      say('task', { task: checked(Task, typeof task === 'string' ? { input: task } : task, 'The task') }),
    close: () => say('close'),
    async monitor() {
      const [row] = await runtime.journal.find({ actor: root });
      if (row) return monitorOf(row, runtime.now());
      throw new TroupeError('unknown_recipient', `There is no orchestration at "${root}" in this journal.`);
    },
  };
}

/** What the seed's JSON changes of an orchestration that runs: all of its limits, and the condition of a retry. Throws `definition`. */
export function reconfigurationOf(json: unknown): Reconfiguration {
  const { budget, retry, guardrails } = hardeningOf(json);
  if (guardrails.length > 0)
    throw new TroupeError(
      'definition',
      `Guardrails cannot be changed while an orchestration runs; got ${guardrails.map(({ kind }) => kind).join(', ')}. Leave them out, or start another run.`,
    );
  const { maxConcurrentTasks = null, maxTotalSteps = null, maxTotalTasks = null } = budget;
  return { limits: { maxConcurrentTasks, maxTotalSteps, maxTotalTasks }, retry };
}

const changesOf = (options: Reconfiguration | HardeningJson): Reconfiguration =>
  'limits' in options || 'retry' in options ? (options as Reconfiguration) : reconfigurationOf(options);
