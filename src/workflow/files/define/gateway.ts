/** Makes the definition of the gateway from gateway.yaml and the providers of an environment file. */
import type { GatewayFileDefinition, GatewayProvider, GroupStrategy } from '../../../contracts/workflow/gatewayFile.ts';
import type { Fitted } from '../fit.ts';
import type { EnvironmentSource } from '../schema/environment.ts';
import type { GatewaySource } from '../schema/gateway.ts';

/** The definition of a gateway file; undefined when it does not fit its schema. A provider of the environment file replaces one of the same name. */
export function defineGateway(
  file: string,
  gateway: Fitted<GatewaySource>,
  environment?: Fitted<EnvironmentSource>,
): GatewayFileDefinition | undefined {
  if (!gateway.value) return undefined;
  const { env, model_groups: groups } = gateway.value;
  const at = (...path: (string | number)[]) => gateway.yaml.at(path);
  const own = providersOf(gateway);
  const more = environment ? providersOf(environment) : [];
  return {
    kind: 'gateway',
    file,
    env: (env ?? []).map(({ name, secret, default: fallback }, index) => ({
      name,
      secret: secret ?? false,
      ...(fallback != null && { default: String(fallback) }),
      ...at('env', index),
    })),
    providers: [...own.filter(({ name }) => !more.some((each) => each.name === name)), ...more],
    groups: (groups ?? []).map(({ name, models, strategy, default_temperature: temperature, pricing }, index) => ({
      name,
      models: models ?? [],
      strategy: strategyOf(strategy),
      ...(temperature != null && { temperature }),
      pricing: (pricing ?? []).map((price) => ({
        model: price.model,
        input: price.input_per_million,
        output: price.output_per_million,
      })),
      ...at('model_groups', index),
    })),
  };
}

const providersOf = ({ value, yaml }: Fitted<Pick<GatewaySource, 'providers'>>): GatewayProvider[] =>
  (value?.providers ?? []).map(({ name, type, config }, index) => ({
    name,
    type,
    config: Object.fromEntries(Object.entries(config ?? {}).map(([key, setting]) => [key, String(setting)])),
    ...yaml.at(['providers', index]),
  }));

function strategyOf(word: NonNullable<GatewaySource['model_groups']>[number]['strategy']): GroupStrategy {
  if (word === 'single') return 'fallback';
  return word === 'least-latency' ? 'least_latency' : (word ?? 'round_robin');
}
