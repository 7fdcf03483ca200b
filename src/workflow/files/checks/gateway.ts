/** Checks gateway.yaml: what it means, beyond its keys. */
import { legacyVariable } from '../define/environment.ts';
import type { Fitted } from '../fit.ts';
import { foundTexts } from '../language.ts';
import type { FileProblem } from '../problem.ts';
import type { EnvironmentSource } from '../schema/environment.ts';
import type { GatewaySource } from '../schema/gateway.ts';
import { nearestName } from '../../../values/options.ts';

/** The providers that there are, with the settings that each needs. */
const providerNeeds: Readonly<Record<string, readonly string[]>> = {
  openai: ['base_url', 'api_key'],
  anthropic: ['api_key'],
  google: ['api_key'],
  offline: [],
};

/** Checks gateway.yaml. `more` are the providers of an environment file. */
export function checkGateway(gateway: Fitted<GatewaySource>, more: EnvironmentSource['providers'] = []): FileProblem[] {
  if (!gateway.value) return [...gateway.problems];
  return [
    ...gateway.problems,
    ...checkVariables(gateway),
    ...checkProviders(gateway),
    ...checkGroups(
      gateway,
      (more ?? []).map(({ name }) => name),
    ),
  ];
}

function checkVariables({ yaml, value }: Fitted<GatewaySource>): FileProblem[] {
  const declared = (value?.env ?? []).map(({ name }) => name);
  return foundTexts(value?.providers, ['providers']).flatMap(({ path, text }) => [
    ...[...text.matchAll(/\{\{\s*(.*?)\s*\}\}/gs)].flatMap(([, inner = '']) => {
      const name = /^env\.(\w+)$/.exec(inner)?.[1];
      if (name === undefined)
        return [yaml.problem(path, `A template here is "{{ env.NAME }}", and this is "{{ ${inner.slice(0, 60)} }}".`)];
      return declared.includes(name)
        ? []
        : [yaml.problem(path, `The variable "${name}" is not declared: add it to "env".`)];
    }),
    ...(legacyVariable.test(text)
      ? [yaml.problem(path, 'Here "env:NAME" is not replaced: write "{{ env.NAME }}".')]
      : []),
  ]);
}

function checkProviders({ yaml, value }: Fitted<GatewaySource>): FileProblem[] {
  const providers = value?.providers ?? [];
  const names = providers.map(({ name }) => name);
  return providers.flatMap(({ name, type, config }, at) => {
    const path = ['providers', at];
    const needs = Object.hasOwn(providerNeeds, type) ? providerNeeds[type] : undefined;
    const twice =
      names.indexOf(name) === at ? [] : [yaml.problem([...path, 'name'], `There is a provider "${name}" already.`)];
    if (!needs) {
      const kinds = Object.keys(providerNeeds);
      const meant = nearestName(type, kinds);
      return [
        ...twice,
        yaml.problem(
          [...path, 'type'],
          `There is no type of provider "${type.slice(0, 60)}"${meant === undefined ? `; there are ${kinds.join(', ')}` : `; did you mean "${meant}"?`}`,
        ),
      ];
    }
    const missing = needs.filter((key) => config?.[key] == null || config[key] === '');
    return [
      ...twice,
      ...missing.map((key) =>
        yaml.problem([...path, 'config'], `A provider of type "${type}" needs "${key}" in "config".`),
      ),
    ];
  });
}

function checkGroups({ yaml, value }: Fitted<GatewaySource>, more: readonly string[]): FileProblem[] {
  const groups = value?.model_groups ?? [];
  const names = groups.map(({ name }) => name);
  const providers = [...(value?.providers ?? []).map(({ name }) => name), ...more];
  return groups.flatMap(({ name, models }, at) => {
    const path = ['model_groups', at];
    return [
      ...(names.indexOf(name) === at
        ? []
        : [yaml.problem([...path, 'name'], `There is a model group "${name}" already.`)]),
      ...(models && models.length > 0 ? [] : [yaml.problem(path, `The model group "${name}" has no models.`)]),
      ...(models ?? []).flatMap((model, index) =>
        checkModel(model, providers).map((message) => yaml.problem([...path, 'models', index], message)),
      ),
    ];
  });
}

function checkModel(model: string, providers: readonly string[]): string[] {
  const slash = model.indexOf('/');
  if (slash <= 0 || slash === model.length - 1)
    return [`A model is written "provider/model", and here is "${model.slice(0, 80)}".`];
  const provider = model.slice(0, slash);
  if (providers.includes(provider)) return [];
  const meant = nearestName(provider, providers);
  return [`There is no provider "${provider.slice(0, 60)}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`];
}
