/**
 * Reads a gateway file with the environment: templates are resolved, and everything that is wrong is told at once, with its place.
 * What a call of one group would meet alone, such as an entry without a slash, fails that call and not the start.
 */
import type { GatewayFileDefinition, GatewayProvider, ModelGroup } from '../../contracts/workflow/gatewayFile.ts';
import { toFailure } from '../../values/failure.ts';
import { providerAddress, type ProviderAddress } from '../address.ts';
import {
  didYouMeanName,
  filePlace,
  problemReport,
  reportRepeated,
  reportUndeclared,
  type GatewayFileProblem,
} from './problems.ts';

/** The types of providers, and the provider of ours that speaks each. */
const types = {
  openai: { needsUrl: true, defaultUrl: '', path: '' },
  anthropic: { needsUrl: false, defaultUrl: 'https://api.anthropic.com/v1', path: '/v1' },
  offline: { needsUrl: false, defaultUrl: '', path: '' },
  google: { needsUrl: false, defaultUrl: 'https://generativelanguage.googleapis.com/v1beta', path: '/v1beta' },
} as const;
type ProviderType = keyof typeof types;

/** A provider that can be called. */
export interface ReadyProvider {
  readonly name: string;
  readonly type: ProviderType;
  readonly apiKey: string;
  readonly address: ProviderAddress;
}

/** A gateway file with its templates resolved. */
export interface ReadyGatewayFile {
  readonly providers: ReadonlyMap<string, ReadyProvider>;
  readonly groups: ReadonlyMap<string, ModelGroup>;
  /** Hidden in every error. */
  readonly secrets: readonly string[];
}

/** Resolves the file. Throws `definition` with all problems; `data.problems` has them for programs. */
export function readyGatewayFile(
  file: GatewayFileDefinition,
  env: Readonly<Record<string, string | undefined>>,
): ReadyGatewayFile {
  const problems: GatewayFileProblem[] = [];
  const values = variables(file, env, problems);
  reportUndeclared(file, problems);
  reportRepeated('provider', file.providers, problems);
  reportRepeated('model group', file.groups, problems);
  const resolved = (text: string) => text.replaceAll(template, (whole, name: string) => values.get(name) ?? whole);
  const providers = file.providers.flatMap((provider) => ready(provider, resolved, problems) ?? []);
  if (problems.length > 0) throw problemReport(file.file, problems);
  return {
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    groups: new Map(
      file.groups.map((group) => [group.name, { ...group, models: group.models.map((entry) => resolved(entry)) }]),
    ),
    secrets: [
      ...file.env.flatMap(({ name, secret }) => (secret ? (values.get(name) ?? []) : [])),
      ...providers.flatMap(({ apiKey, address }) => [apiKey, ...address.secrets]),
    ].filter((text) => text !== ''),
  };
}

const template = /\{\{\s*env\.([A-Za-z_]\w*)\s*\}\}/g;
/** A variable that is set to nothing is set: its default is not taken. */
function variables(
  { env: declared }: GatewayFileDefinition,
  env: Readonly<Record<string, string | undefined>>,
  problems: GatewayFileProblem[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, default: fallback, line, column } of declared) {
    const value = (Object.hasOwn(env, name) ? env[name] : undefined) ?? fallback;
    if (value !== undefined) values.set(name, value);
    else
      problems.push({
        line,
        ...(column === undefined ? {} : { column }),
        says: `the environment variable ${name} is not set, and has no default. Set it, or give it a default.`,
      });
  }
  return values;
}

function ready(
  provider: GatewayProvider,
  resolved: (text: string) => string,
  problems: GatewayFileProblem[],
): ReadyProvider | undefined {
  const { name, type, config } = provider;
  const place = filePlace(provider);
  const refuse = (says: string) => void problems.push({ ...place, says: `provider "${name}" ${says}` });
  if (!isType(type)) {
    refuse(
      `has the unknown type "${type}"; there are ${Object.keys(types).join(', ')}.${didYouMeanName(type, Object.keys(types))}`,
    );
    return undefined;
  }
  if (type === 'offline') return { name, type, apiKey: '', address: offlineAddress };
  const { needsUrl, defaultUrl, path } = types[type];
  const [url, apiKey] = ['base_url', 'api_key'].map((key) => resolved(config[key] ?? '').trim());
  if (needsUrl && !url) refuse('needs config.base_url, such as https://api.openai.com/v1.');
  if (!apiKey) refuse('needs config.api_key, such as "{{ env.MY_API_KEY }}".');
  if (!apiKey || (needsUrl && !url)) return undefined;
  try {
    const written = url || defaultUrl;
    const address = providerAddress(
      /^https?:\/\/[^/?#]+\/?$/i.test(written) ? written.replace(/\/?$/, path) : written,
      {
        from: `config.base_url of provider "${name}"`,
        authorized: type === 'openai',
      },
    );
    return { name, type, apiKey, address };
  } catch (thrown) {
    problems.push({ ...place, says: toFailure(thrown).message });
    return undefined;
  }
}

const isType = (type: string): type is ProviderType => Object.hasOwn(types, type);

/** The model without a network has no address. */
const offlineAddress: ProviderAddress = { baseURL: '', secrets: [], wrap: (send) => send };
