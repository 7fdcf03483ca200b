/** How a run begins, goes on, is tried again, or is replayed: what is checked before the host has it. */
import { parseConfiguration, type RunDefaults } from '../config/configuration.ts';
import { artifactList } from '../contracts/parts.ts';
import type { CallSettings } from '../contracts/flow/settings.ts';
import type { ActorType } from '../core/actorType.ts';
import { runInput, withParts, type Runnable } from '../define/runnable.ts';
import { incompatibilities } from '../engine/recovery.ts';
import type { EndedRoot, Host } from '../engine/host.ts';
import { rootAddress } from '../engine/runStarter.ts';
import type { CallPlan } from '../flow/replayPlan.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { Clock } from '../values/clock.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import { requireId } from '../values/ids.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';
import { requireOptions } from '../values/options.ts';
import { definitionVersion } from './definitionVersion.ts';
import { flowConfiguration } from './flowConfiguration.ts';
import { readParts } from './inputParts.ts';
import type { ReplaySettings } from './replay.ts';
import { mayRetry, requireFailed, retryWithoutKey } from './retry.ts';
import type { OpenHandle, RunHandle } from './runHandle.ts';
import type { RuntimeOptions } from './runtimeOptions.ts';
import {
  replayOptionNames,
  replaySettingNames,
  retryOptionNames,
  startOptionNames,
  type RetryOptions,
  type RunReplayOptions,
  type StartOptions,
} from './startOptions.ts';

/** What beginning runs needs. */
export interface BeginDeps {
  readonly host: Host;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly handle: OpenHandle;
  readonly typeOf: (subject: Runnable) => ActorType;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration file of the project, where there is one. */
  readonly file: RunDefaults | undefined;
  /** How long runs are kept, as the runtime was told. */
  readonly keep: RuntimeOptions['keep'];
}

/** The ways in which runs of one runtime begin and go on. */
export interface RunBeginnings {
  start(subject: Runnable, input: unknown, options: StartOptions): Promise<RunHandle>;
  resume(run: string, subject: Runnable): Promise<RunHandle>;
  retry(run: string, subject: Runnable, options: RetryOptions): Promise<RunHandle>;
  replay(run: string, subject: Runnable, options: RunReplayOptions): Promise<RunHandle>;
  plan(run: string, options: ReplaySettings): Promise<CallPlan>;
  misfits(run: string, subject: Runnable): Promise<Failure[]>;
}

/** Makes them. */
export function beginnings({ host, journal, clock, handle, typeOf, env, file, keep }: BeginDeps): RunBeginnings {
  /** Only there may another version of a definition go on with a run. */
  const isShared = journal.skipped !== undefined;

  async function start(subject: Runnable, input: unknown, options: StartOptions): Promise<RunHandle> {
    requireOptions('runtime.start', options, startOptionNames);
    const { key, isNew = key === undefined, deadline, meta, retry, ...settings } = options;
    const type = typeOf(subject);
    const configuration = configurationOf(subject, settings, deadline);
    const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
    if (retry && key === undefined) throw retryWithoutKey();
    const before = isNew ? undefined : await rootOf(run);
    const again = retry === true && before !== undefined && mayRetry(before);
    const { parts, artifacts, ...given } = await readParts(subject, input, rootAddress(type, run));
    let end: EndedRoot | undefined;
    const begun = {
      run,
      input: withParts(runInput(subject, given.input), parts),
      appends: [
        ...artifacts.map((artifact) => ({ list: artifactList, entry: asJson(artifact) })),
        ...(configuration?.appends ?? []),
      ],
      about: aboutOf(subject, { ...meta, ...configuration?.about }),
      ...dueIn(deadline ?? configuration?.deadline),
      // What another process stores meanwhile is found by the claim.
      ...(isNew ? { isNew: true } : before === undefined ? { isUnstored: true } : {}),
      // Another process may have retried it meanwhile: then its outcome is the new one.
      ...(again ? { retry: requireFailed } : {}),
    };
    const ending = host.onEnd(rootAddress(type, run), (ended) => (end = ended));
    try {
      const root = await host.start(type, begun);
      return await handle(subject, run, root, again ? undefined : before, end);
    } finally {
      ending[Symbol.dispose]();
    }
  }

  /** What a run of a flow begins with. Throws `definition` for settings of flows that are given with something else. */
  function configurationOf(subject: Runnable, settings: CallSettings, deadline: Duration | undefined) {
    const [setting] = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (subject.kind !== 'flow') {
      if (setting === undefined) return undefined;
      throw new TroupeError('definition', `"${setting}" is for runs of flows, and "${subject.name}" is none.`);
    }
    const given = setting === undefined ? {} : parseConfiguration('What the run is started with', settings);
    return flowConfiguration(subject, { ...given, deadline, keep }, { env, file });
  }

  async function retryRun(run: string, subject: Runnable, options: RetryOptions): Promise<RunHandle> {
    requireOptions('runtime.retry', options, retryOptionNames);
    requireFailed(await requireRoot(run));
    const given = { run, about: aboutOf(subject), retry: requireFailed, ...dueIn(options.deadline) };
    return handle(subject, run, await host.start(typeOf(subject), given));
  }

  const requireRoot = async (run: string): Promise<ActorRow> => {
    const root = await rootOf(run);
    if (!root) throw noRun(run);
    return root;
  };

  async function replayRun(source: string, subject: Runnable, replay: RunReplayOptions): Promise<RunHandle> {
    requireOptions('runtime.replay', replay, replayOptionNames);
    const {
      key,
      meta,
      deadline,
      from: _from,
      overrides: _overrides,
      encoded: _encoded,
      input: changes,
      ...settings
    } = replay;
    const { prepareReplay } = await import('./replay.ts');
    const { input, start: begun, appends } = await prepareReplay(journal, await requireRoot(source), replay);
    if (subject.kind !== 'flow')
      throw new TroupeError('invalid', `The run "${source}" is of a flow, and "${subject.name}" is none.`);
    const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
    const configuration = configurationOf(subject, settings, deadline);
    const root = await host.start(typeOf(subject), {
      run,
      // A changed input is checked as any other.
      input: asJson({ ...(changes ? subject.start(input) : { input }), ...begun }) as Json,
      appends: [...appends, ...(configuration?.appends ?? [])],
      about: aboutOf(subject, { ...meta, ...configuration?.about, replayOf: source }),
      ...(key === undefined ? { isNew: true } : {}),
      ...dueIn(deadline ?? configuration?.deadline),
    });
    return handle(subject, run, root);
  }

  const aboutOf = (subject: Runnable, meta?: JsonObject): JsonObject => ({
    name: subject.name,
    ...meta,
    ...(isShared ? { version: definitionVersion(subject) } : {}),
  });
  const dueIn = (deadline: Duration | undefined) =>
    deadline === undefined ? {} : { deadline: clock.now() + milliseconds(deadline) };
  const rootOf = async (run: string): Promise<ActorRow | undefined> =>
    (await journal.find({ run, parent: null, limit: 1 }))[0];

  async function misfits(run: string, subject: Runnable): Promise<Failure[]> {
    const stored = await journal.load((await requireRoot(run)).actor);
    if (!stored) throw noRun(run);
    return incompatibilities(journal, typeOf(subject), stored);
  }

  return {
    start,
    resume: async (run, subject) =>
      handle(subject, run, await host.resume(run, typeOf(subject), { name: subject.name })),
    retry: retryRun,
    replay: replayRun,
    async plan(run, settings) {
      requireOptions('runtime.plan', settings, replaySettingNames);
      const { prepareReplay } = await import('./replay.ts');
      return (await prepareReplay(journal, await requireRoot(run), settings)).plan;
    },
    misfits,
  };
}

const noRun = (run: string) => new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
