/** Opens the secrets of a folder, with the keys that the environment names. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { TroupeError } from '../values/failure.ts';
import type { Clock } from '../values/clock.ts';
import { envKeys } from './file/envKeys.ts';
import { fileSecrets, type FileSecretStore } from './file/fileSecrets.ts';
import { keyFile } from './file/keyFile.ts';
import type { KeySource } from './file/secretKey.ts';
import type { SecretStoreOptions } from './secretStore.ts';

/** What the secrets of a folder are opened with. */
export interface OpenSecretsOptions extends SecretStoreOptions {
  /** Tells when secrets are set. */
  readonly clock: Pick<Clock, 'now'>;
  /** Is called with the path of a key file that was made, so that a person can be told to keep a copy; nothing by default. */
  readonly onKeyCreated?: ((path: string) => void) | undefined;
}

/**
 * The secrets in `secrets/` of a folder, such as that of the journal. Nothing is read or made before the first call. The key is `TROUPE_SECRETS_KEY`, or in the file
 * that `TROUPE_SECRETS_KEY_FILE` names, by default `troupe/secrets.key` in `XDG_CONFIG_HOME` or `~/.config`. Throws `invalid` for a key that is none.
 * @example const secrets = openSecrets(process.env, '.troupe', { clock, onRead: mask.hide });
 */
export const openSecrets = (
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
  { clock, onRead, onKeyCreated }: OpenSecretsOptions,
): FileSecretStore => fileSecrets(resolve(folder, 'secrets'), keysOf(env, onKeyCreated), clock, { onRead });

function keysOf(
  env: Readonly<Record<string, string | undefined>>,
  onKeyCreated: OpenSecretsOptions['onKeyCreated'],
): KeySource {
  const { TROUPE_SECRETS_KEY: key, TROUPE_SECRETS_KEY_FILE: file } = env;
  if (key !== undefined && file !== undefined)
    throw new TroupeError(
      'invalid',
      'TROUPE_SECRETS_KEY and TROUPE_SECRETS_KEY_FILE are both set, and the key can come from one of them only. Unset the other one.',
    );
  if (key !== undefined) return envKeys(key);
  if (file?.trim() === '')
    throw new TroupeError(
      'invalid',
      'TROUPE_SECRETS_KEY_FILE is set and empty. Set it to the path of a file, or unset it.',
    );
  return keyFile(file === undefined ? defaultKeyFile(env) : resolve(file), onKeyCreated);
}

/** Outside of every project, so that it is not copied, committed or packed with one. */
const defaultKeyFile = ({
  XDG_CONFIG_HOME: config,
  HOME: home,
}: Readonly<Record<string, string | undefined>>): string =>
  join(config || join(home || homedir(), '.config'), 'troupe', 'secrets.key');
