/** Controls an orchestration that runs, in this process or in another. Each call sends a signal to its actor, which the journal keeps. */
import { TroupeError } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import type { OrchestrationMonitor, Reconfiguration } from '../contracts/orchestration.ts';
import type { TaskSpec } from '../contracts/task.ts';
import { Task } from '../contracts/task.ts';
import { parseDefinition } from '../values/explain.ts';
import { monitorOf } from './monitor.ts';
import type { HardeningJson } from '../formats/hardening.ts';
import type { RunHandle, Runtime } from './runtime.ts';

/** Controls of one orchestration. */
export interface OrchestrationControl {
  /** Sets other limits from now on, and other retries for tasks that have not begun. Takes our options, or the JSON of `--hardening`, whose guardrails cannot change while it runs. */
  configure(options: Reconfiguration | HardeningJson): Promise<void>;
  /** Begins no more tasks, and stops those under way. */
  cancel(reason?: string): Promise<void>;
  /** Pauses the tasks under way, and begins no more. */
  pause(): Promise<void>;
  /** Continues after a pause. */
  resume(): Promise<void>;
  /** Returns all members to rotation. A long-lived orchestration (`standing`) takes tasks again after a cancel. */
  reset(): Promise<void>;
  /** Adds a task to a long-lived orchestration (`standing`). It has no parts: those are given when the run is started. */
  add(task: Omit<TaskSpec, 'parts'> | string): Promise<void>;
  /** Takes no more tasks: the orchestration ends when all tasks have a result. */
  close(): Promise<void>;
  /** Its limits, counts and members, as of its last step. */
  monitor(): Promise<OrchestrationMonitor>;
}

/**
 * The controls of one orchestration. Each rejects with `conflict` when it has ended, and `invalid` when the run is no orchestration.
 * @example const desk = control(runtime, handle); await desk.configure({ limits: { maxTotalTasks: 50 } }); await desk.cancel('enough');
 */
export function control(runtime: Runtime, run: Pick<RunHandle, 'root'>): OrchestrationControl {
  const { root } = run;
  const send = (type: string, more: object = {}) =>
    // Tasks and options were checked by their schemas, and JSON leaves out what is undefined.
    runtime.signal(root, { ...(more as JsonObject), type: `orchestra.${type}` });
  return {
    configure: async (options) => send('configure', await changesOf(options)),
    cancel: (reason = 'cancelled by its control') => send('cancel', { reason }),
    pause: () => send('pause'),
    resume: () => send('resume'),
    reset: () => send('reset'),
    add: async (task) => {
      if (typeof task === 'object' && 'parts' in task)
        throw new TroupeError(
          'unsupported',
          'A task that is added to an orchestration has no parts: they are stored when a run begins. Start a run with it.',
        );
      await send('task', {
        task: parseDefinition(Task, typeof task === 'string' ? { input: task } : task, 'The task'),
      });
    },
    close: () => send('close'),
    async monitor() {
      const [row] = await runtime.journal.find({ actor: root });
      if (row) return monitorOf(row, runtime.now());
      throw new TroupeError('unknown_recipient', `There is no orchestration at "${root}" in this journal.`);
    },
  };
}

const changesOf = async (options: Reconfiguration | HardeningJson): Promise<Reconfiguration> =>
  isReconfiguration(options) ? options : (await import('./reconfiguration.ts')).reconfigurationOf(options);
const isReconfiguration = (options: Reconfiguration | HardeningJson): options is Reconfiguration =>
  'limits' in options || 'retry' in options;
