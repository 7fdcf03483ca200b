/** `secretStore()`: the secrets that `troupe secrets` keeps, for code. */
import { systemClock } from '../engine/clock.ts';
import { openSecrets } from '../secrets/openSecrets.ts';
import type { SecretStore, SecretStoreOptions } from '../secrets/secretStore.ts';
import { requireOptions } from '../values/options.ts';

/** Which secrets, and with what they are opened. */
export interface SecretStoreSettings extends SecretStoreOptions {
  /** The folder whose `secrets/` has them, such as that of the journal; `.troupe` by default. */
  readonly folder?: string | undefined;
  /** Where `TROUPE_SECRETS_KEY` or `TROUPE_SECRETS_KEY_FILE` is looked up; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Opens the secrets of a folder. Nothing is read or made before the first call. Throws `invalid` for a key that is none.
 * @example const { values } = await secretStore().get('openai');
 */
export function secretStore(settings: SecretStoreSettings = {}): SecretStore {
  requireOptions('secretStore', settings, { folder: true, env: true, onRead: true });
  const { folder = '.troupe', env = process.env, onRead } = settings;
  return openSecrets(env, folder, { clock: systemClock(), onRead });
}
