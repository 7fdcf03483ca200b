/** What the calls of a flow go by where they do not say themselves: what was given with the run, then the options of the flow, then the surroundings of the run. */
import type { ModelChoice } from '../../src/contracts/model.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import type { CheckpointRetries } from '../../src/flow/checkpointOptions.ts';
import type { FlowOptions } from '../../src/flow/flow.ts';

/** The defaults of calls. */
export interface CallDefaults {
  readonly retries: number | CheckpointRetries | undefined;
  readonly cache: boolean;
  /** How many are under way at once. */
  readonly concurrency: number;
  readonly model: ModelChoice | undefined;
}

/** Settings that say nothing. */
export const noSettings: StoredSettings = { given: {}, defaults: {} };

/** The defaults of the calls of a flow in a run. */
export const callDefaults = ({ given, defaults }: StoredSettings, options: FlowOptions): CallDefaults => ({
  retries: given.retries ?? options.retries ?? defaults.retries,
  cache: given.cache ?? options.cache ?? defaults.cache ?? false,
  concurrency: given.concurrency ?? options.concurrency ?? defaults.concurrency ?? 1_000,
  model: given.model ?? options.model ?? defaults.model,
});
