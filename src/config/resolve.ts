/** Which source decides each field, and the copy of the result that is stored with a run. */
import type { CallSettings, StoredSettings } from '../contracts/flow/settings.ts';
import type { Duration } from '../values/duration.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { configurationFields, type RunDefaults } from './configuration.ts';

/** The sources of a configuration; the first that has a field decides it. */
export const configurationSources = ['run', 'flow', 'process', 'environment', 'file', 'default'] as const;
/** Where a field comes from. */
export type ConfigurationSource = (typeof configurationSources)[number];

/** What each source says; those that are left out say nothing. */
export type ConfigurationLayers = { readonly [Source in ConfigurationSource]?: RunDefaults };

/** The defaults of the runtime itself. */
export const builtInConfiguration: RunDefaults = { retries: 0, cache: false, concurrency: 1_000, keep: '30d' };

/** A field, and the source that has decided it. */
interface Decided {
  readonly field: keyof RunDefaults;
  readonly value: NonNullable<RunDefaults[keyof RunDefaults]>;
  readonly source: ConfigurationSource;
}

/** Each field that any source has, with the first of them. */
export function decide(layers: ConfigurationLayers): readonly Decided[] {
  return configurationFields.flatMap((field): Decided[] => {
    const source = configurationSources.find((name) => layers[name]?.[field] !== undefined);
    const value = source && layers[source]?.[field];
    return source === undefined || value === undefined ? [] : [{ field, value, source }];
  });
}

/** The fields as one object. */
export const resolved = (layers: ConfigurationLayers): RunDefaults =>
  Object.fromEntries(decide(layers).map(({ field, value }) => [field, value]));

/** The settings that are stored for the calls of a run: what was given with it, and what its surroundings say. */
export function runSettings({ run = {}, ...others }: ConfigurationLayers): StoredSettings {
  const { flow: _, default: __, ...surroundings } = others;
  return { given: callSettings(run), defaults: callSettings(resolved(surroundings)) };
}

function callSettings({ retries, cache, concurrency, model }: RunDefaults): CallSettings {
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(cache === undefined ? {} : { cache }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(model === undefined ? {} : { model }),
  };
}

/** The limit of a run that was given none and whose flow has none; undefined when nobody has said one. */
export const surroundingDeadline = ({ run: _, flow: __, ...others }: ConfigurationLayers): Duration | undefined =>
  resolved(others).deadline;

/** The copy that is stored with a run: each field with its source, and more facts; what is secret by its name is masked. */
export function frozenSpec(layers: ConfigurationLayers, facts: JsonObject = {}): JsonObject {
  const decided = decide(layers);
  return masked({
    version: 1,
    resolved_execution: Object.fromEntries(decided.map(({ field, value }) => [field, value])),
    sources: Object.fromEntries(decided.map(({ field, source }) => [field, source])),
    ...facts,
  });
}

const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTH/i;

/** The same with `***` for every value whose name is that of a secret. */
function masked(object: JsonObject): JsonObject {
  const inside = (value: Json): Json =>
    Array.isArray(value) ? value.map(inside) : isJsonObject(value) ? masked(value) : value;
  return Object.fromEntries(
    Object.entries<Json>(object).map(([name, value]) => [name, secretName.test(name) ? '***' : inside(value)]),
  );
}
