/** Defaults for the runs that this process starts. */
import { parseConfiguration, type RunDefaults } from './configuration.ts';

let current: RunDefaults = {};

/** What `configure` takes: `null` clears a field. */
export type ConfigurationChange = { readonly [Field in keyof RunDefaults]?: RunDefaults[Field] | null };

/**
 * Sets defaults for the runs that this process starts from now on. They come after what a run is given and after the options of its flow, and before `TROUPE_*` variables and
 * the configuration file. Fields that are not given stay as they are. Throws `invalid`.
 * @example configure({ retries: 2, model: 'openai:gpt-5-mini' })
 */
export function configure(change: ConfigurationChange): void {
  const entries = Object.entries({ ...current, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  current = parseConfiguration('configure()', Object.fromEntries(entries));
}

/** What was configured. */
export const processConfiguration = (): RunDefaults => current;
