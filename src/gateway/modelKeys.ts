/**
 * The key of a provider of models: from the environment, or else from a stored secret.
 *
 * A secret is read for each call, so that a new key is used by the next one, and is only read where a model is about to be asked: its value is in no definition,
 * message or snapshot.
 */
import { reasonOf } from '../values/cause.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';

/** Where a key comes from. */
export type CredentialSource = 'environment' | 'secret';

/** A key of a provider. */
export interface ModelKey {
  readonly key: string;
  readonly source: CredentialSource;
}

/** Where keys are looked for. */
export interface KeyPlaces {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The secrets with the keys of providers, by provider: `{ openai: 'team-openai' }`; the secret that is named like the provider by default. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The values of a secret. Rejects with `invalid` and `data.secret` when there is none of that name. No secrets by default. */
  readonly secret?: (name: string) => Promise<Readonly<Record<string, string>>>;
}

/** What needs a key. */
interface KeyWanted {
  /** The name of the model, for people. */
  readonly model: string;
  readonly provider: string;
  /** The environment variables that may hold it, in order of preference. */
  readonly variables: readonly string[];
  /** The provider refuses every call without one. */
  readonly isNeeded: boolean;
}

/** The key for a model; undefined where none is needed and there is none. Rejects with `auth` for one that is needed. */
export async function modelKey(
  { env, secrets = {}, secret }: KeyPlaces,
  { model, provider, variables, isNeeded }: KeyWanted,
): Promise<ModelKey | undefined> {
  const given = firstIn(env, variables);
  if (given !== undefined) return { key: given, source: 'environment' };
  const named = Object.hasOwn(secrets, provider) ? secrets[provider] : undefined;
  // A server of one's own works without a key, whatever the store of secrets says.
  if (!isNeeded && named === undefined) return undefined;
  const name = named ?? provider;
  const refused = (problem: string, cause?: unknown) =>
    new TroupeError('auth', `"${model}" needs a key. ${problem}`, {
      cause,
      data: { provider, env: [...variables], ...(secret ? { secret: name } : {}) },
    });
  const set = `Set ${variables.join(' or ')}`;
  if (!secret) throw refused(`${set}.`);
  const store = `troupe secrets set ${name} --value ${variables[0] ?? 'API_KEY'}`;
  let values: Readonly<Record<string, string>>;
  try {
    values = await secret(name);
  } catch (thrown) {
    if (propertiesOf(toFailure(thrown).data)['secret'] === name)
      throw refused(`${set}, or store it as the secret "${name}": ${store}`, thrown);
    throw refused(
      `${set}. The secret "${name}" cannot be read: ${thrown instanceof Error ? reasonOf(thrown) : String(thrown)}`,
      thrown,
    );
  }
  const key = firstIn(values, [...variables, 'API_KEY']);
  if (key !== undefined) return { key, source: 'secret' };
  throw refused(
    `The secret "${name}" has none under ${[...variables, 'API_KEY'].join(' or ')}, but ${Object.keys(values).sort().join(', ')}. Add it: ${store}`,
  );
}

/** The first of these that has a value. */
const firstIn = (values: Readonly<Record<string, string | undefined>>, names: readonly string[]): string | undefined =>
  names
    .map((name) => (Object.hasOwn(values, name) ? values[name] : undefined))
    .find((value) => value !== undefined && value !== '');
