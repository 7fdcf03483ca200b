/**
 * Starts the runs of schedules when they are due, in one process or in many at once.
 *
 * SD1 A due time that is to be run starts one run, however many processes look at once and whichever is killed in between: it is written down first, under one key.
 */
import { sleep, type Clock } from '../../values/clock.ts';
import { reasonOf } from '../../values/cause.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { Deployments } from '../deployments.ts';
import { parseDeployment } from '../names.ts';
import type { VersionView } from '../record.ts';
import type { DeploymentStore } from '../store/store.ts';
import { dueTimes, type DueTimes } from './cron.ts';
import { decideDue } from './decide.ts';
import { readSchedule, scheduleJson, type Schedule, type ScheduledRun } from './record.ts';
import { schedulesIn } from './schedules.ts';

/** What a scheduler does with runs. */
export interface ScheduledRuns {
  /** How a run is: `unknown` when it was never started, `held` when some process is at work on it, `loose` when none is. */
  state(run: string): Promise<'unknown' | 'held' | 'loose' | 'ended'>;
  /** Starts the run of this key, or goes on with it. Resolves when it is started; `ended` resolves when it has ended or another process has it. */
  start(version: VersionView, input: Json | undefined, key: string): Promise<{ readonly ended: Promise<unknown> }>;
  /** Tells a run to stop. */
  cancel(run: string): Promise<void>;
}

/** What a scheduler works with. */
export interface SchedulerOptions {
  readonly store: DeploymentStore;
  readonly deployments: Pick<Deployments, 'get'>;
  readonly runs: ScheduledRuns;
  readonly clock: Clock;
  /** Told what is started, and what cannot be. */
  readonly say: (line: string) => void;
  /** Milliseconds after which it looks again at the latest; 5,000 by default. */
  readonly poll?: number;
}

/** A scheduler. */
export interface Scheduler {
  /** Looks once at all schedules, and starts what is due. */
  look(): Promise<void>;
  /** Looks whenever something is due, until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the runs that it has started have ended. */
  settled(): Promise<void>;
}

/** Makes a scheduler. It holds nothing: whatever it knows is in the store. */
export function scheduler({ store, deployments, runs, clock, say, poll = 5_000 }: SchedulerOptions): Scheduler {
  const schedules = schedulesIn(store);
  const known = new Map<string, Promise<DueTimes>>();
  /** Runs that this process has started or is about to start. */
  const started = new Map<string, Promise<unknown>>();
  const told = new Map<string, string>();
  let wake = () => {};

  const timesOf = ({ cron, timezone }: Schedule): Promise<DueTimes> => {
    const key = `${timezone} ${cron}`;
    const times = known.get(key) ?? dueTimes(cron, timezone);
    known.set(key, times);
    return times;
  };

  /** Each problem of a schedule once, until it is another one. */
  function problem(name: string, thrown: unknown): void {
    const text = thrown instanceof TroupeError ? thrown.message : reasonOf(thrown);
    if (told.get(name) !== text) say(`${name === '' ? 'The schedules' : `The schedule "${name}"`}: ${text}`);
    told.set(name, text);
  }

  async function lookAt(name: string): Promise<void> {
    const found = await store.get(`schedules/${name}`);
    const before = readSchedule(name, found?.value ?? null);
    if (!found || !before) return;
    const states = new Map(
      await Promise.all(before.runs.map(async ({ run }) => [run, await runs.state(run)] as const)),
    );
    const { name: deployment, ...choice } = parseDeployment(before.deployment);
    const version = await deployments.get(deployment, choice);
    const ended = new Set([...states].filter(([, state]) => state === 'ended').map(([run]) => run));
    const situation = { now: clock.now(), times: await timesOf(before), ended, version: version.version };
    const { schedule, start, cancel } = decideDue(before, situation);
    if (changes(before, schedule)) {
      try {
        await store.put(`schedules/${name}`, scheduleJson(schedule), found.revision);
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'conflict') throw thrown;
        return lookAt(name);
      }
    }
    told.delete(name);
    for (const run of cancel) {
      say(`The schedule "${name}" cancels ${run}: the next one is due.`);
      await runs.cancel(run).catch((thrown: unknown) => problem(name, thrown));
    }
    // Those that a killed process has left are gone on with, by the same key.
    const left = schedule.runs.filter(({ run }) => ['unknown', 'loose'].includes(states.get(run) ?? ''));
    for (const run of [...left, ...start]) await startOnce(schedule, run);
  }

  async function startOnce(schedule: Schedule, scheduled: ScheduledRun): Promise<void> {
    const { run, version } = scheduled;
    if (started.has(run)) return;
    const { name, deployment } = schedule;
    try {
      const view = await deployments.get(parseDeployment(deployment).name, { version });
      const { ended } = await runs.start(view, schedule.input, run);
      say(`The schedule "${name}" has started ${run}: ${view.name} version ${view.version}.`);
      const watched = ended
        .catch((thrown: unknown) => problem(name, thrown))
        .finally(() => {
          started.delete(run);
          wake();
        });
      started.set(run, watched);
    } catch (thrown) {
      const { kind, retryable } = toFailure(thrown);
      // Another process was first, or it can be started a little later.
      if (kind === 'owned_elsewhere' || retryable) return;
      problem(name, thrown);
      await schedules.giveUp(name, scheduled, reasonOf(thrown));
    }
  }

  async function look(): Promise<void> {
    for (const name of await store.ids('schedules'))
      await lookAt(name).catch((thrown: unknown) => problem(name, thrown));
  }

  /** When to look again: at the next due time, and not later than the others may have changed something. */
  async function nextLook(): Promise<number> {
    const now = clock.now();
    const dues = await Promise.all(
      (await schedules.list()).map(async (schedule) =>
        schedule.paused ? undefined : (await timesOf(schedule)).after(now),
      ),
    );
    return Math.min(now + poll, ...dues.filter((due) => due !== undefined));
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        await look().catch((thrown: unknown) => problem('', thrown));
        const at = await nextLook().catch(() => clock.now() + poll);
        await pauseUntil(at, signal);
      }
    },
    async settled() {
      while (started.size > 0) await Promise.all(started.values());
    },
  };

  /** Until then, or until a run that was started here has ended. */
  async function pauseUntil(at: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    wake = () => ended.abort();
    const either = AbortSignal.any([signal, ended.signal]);
    // Stopped while waiting: the caller looks at the signal.
    await sleep(clock, Math.max(0, at - clock.now()), either).catch(() => {});
  }
}

/** Whether it must be written. That time has passed alone is no change: it would be written every few seconds. That it was put back is one. */
const changes = (before: Schedule, after: Schedule): boolean =>
  after.decidedUntil < before.decidedUntil ||
  JSON.stringify({ ...before, decidedUntil: 0 }) !== JSON.stringify({ ...after, decidedUntil: 0 });
