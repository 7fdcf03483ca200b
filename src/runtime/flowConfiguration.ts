/** What a run of a flow is begun with, from all sources of its configuration. */
import type { RunDefaults } from '../config/configuration.ts';
import { processConfiguration } from '../config/configure.ts';
import { environmentConfiguration } from '../config/environment.ts';
import {
  builtInConfiguration,
  frozenSpec,
  runSettings,
  surroundingDeadline,
  type ConfigurationLayers,
} from '../config/resolve.ts';
import { settingsList } from '../contracts/flow/settings.ts';
import type { ModelChoice } from '../contracts/model.ts';
import type { Flow } from '../flow/flow.ts';
import type { Duration } from '../values/duration.ts';
import { asJson, type Json, type JsonObject } from '../values/json.ts';

/** What the runtime knows of its surroundings. */
export interface Surroundings {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the configuration file says; nothing when there is none. */
  readonly file: RunDefaults | undefined;
}

/** What the run begins with. */
export interface FlowConfiguration {
  readonly appends: readonly { readonly list: string; readonly entry: Json }[];
  /** For people: what was decided, and by which source. */
  readonly about: { readonly frozen_execution_spec: JsonObject };
  /** How long the run may take, where neither it nor its flow says; undefined without end. */
  readonly deadline: Duration | undefined;
}

/** What the last run of a flow began with, and what the sources said then: most runs of a flow are begun alike. */
const last = new WeakMap<Flow, { readonly said: string; readonly configuration: FlowConfiguration }>();

/** Decides everything that a run of a flow begins with. `given`: what was given with the run. Throws `invalid` for a variable that does not fit. */
export function flowConfiguration(flow: Flow, given: RunDefaults, { env, file }: Surroundings): FlowConfiguration {
  const sources = {
    run: given,
    process: processConfiguration(),
    environment: environmentConfiguration(env),
    ...(file ? { file } : {}),
  };
  const said = JSON.stringify(sources);
  const known = last.get(flow);
  if (known?.said === said) return known.configuration;
  const configuration = decided(flow, { ...sources, flow: ownConfiguration(flow), default: builtInConfiguration });
  last.set(flow, { said, configuration });
  return configuration;
}

function decided(flow: Flow, layers: ConfigurationLayers): FlowConfiguration {
  const { run: given = {} } = layers;
  const isLimited = given.deadline !== undefined || flow.options.deadline !== undefined;
  return {
    appends: [{ list: settingsList, entry: asJson(runSettings(layers)) }],
    about: { frozen_execution_spec: frozenSpec(layers) },
    deadline: isLimited ? given.deadline : surroundingDeadline(layers),
  };
}

/** The options of a flow as they are shown. */
function ownConfiguration({ options: { retries, cache, concurrency, model, deadline } }: Flow): RunDefaults {
  return {
    retries: typeof retries === 'object' ? retries.times : retries,
    cache,
    concurrency,
    model: model === undefined ? undefined : nameOf(model),
    deadline,
  };
}

const nameOf = (model: ModelChoice): string =>
  [model]
    .flat()
    .map((each) => (typeof each === 'string' ? each : each.id))
    .join(', ');
