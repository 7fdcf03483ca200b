/** What is given with a run when it begins, is tried again, or is replayed. */
import type { CallSettings } from '../contracts/flow/settings.ts';
import type { Duration } from '../values/duration.ts';
import type { JsonObject } from '../values/json.ts';
import type { OptionNames } from '../values/options.ts';
import type { ReplaySettings } from './replay.ts';

/** Options of one run. */
export interface StartOptions extends CallSettings {
  /** The key of the run. A key that was used before continues that run, or gives its result again when it has ended. A new run by default. */
  readonly key?: string;
  /** The key was made for this run, so that no run can have it: none is looked for. False by default. A run that has it all the same is gone on with, or rejects with `conflict`. */
  readonly isNew?: boolean;
  /** How long the run may take from now, as a duration or in milliseconds; the limit of the definition by default. */
  readonly deadline?: Duration;
  /** Facts for people and commands, such as the file it came from; none by default. */
  readonly meta?: JsonObject;
  /** When the run of this key has failed, goes on from the step that failed, with the definition of today; what succeeded is kept. Otherwise it changes nothing; false by default. */
  readonly retry?: boolean;
}

/** Options of a replay. */
export interface RunReplayOptions extends ReplaySettings, Omit<StartOptions, 'retry' | 'isNew'> {}

/** Options of a retry. */
export interface RetryOptions {
  /** How long it may take from now; as long as it was given at first by default. */
  readonly deadline?: Duration;
}

/** The names of the settings of flows that are given with a run. */
export const callSettingNames: OptionNames<CallSettings> = {
  retries: true,
  cache: true,
  concurrency: true,
  model: true,
};

export const startOptionNames: OptionNames<StartOptions> = {
  ...callSettingNames,
  key: true,
  isNew: true,
  deadline: true,
  meta: true,
  retry: true,
};

/** The names of what a replay takes and performs. */
export const replaySettingNames: OptionNames<ReplaySettings> = {
  from: true,
  overrides: true,
  encoded: true,
  input: true,
};

export const replayOptionNames: OptionNames<RunReplayOptions> = {
  ...callSettingNames,
  ...replaySettingNames,
  key: true,
  meta: true,
  deadline: true,
};

export const retryOptionNames: OptionNames<RetryOptions> = {
  deadline: true,
};
