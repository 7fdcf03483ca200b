/** Decrypts secrets of a file with the keys of a process, and tells a key that is missing from a secret that was changed. */
import { TroupeError } from '../../values/failure.ts';
import type { SecretRecord } from '../record.ts';
import { unsealSecret, type SealedSecret } from './cipher.ts';
import type { SealedSecrets } from './document.ts';
import type { KeyRing } from './secretKey.ts';

/** All secrets. Throws as `unsealed` does. */
export const unsealAll = (secrets: SealedSecrets, ring: KeyRing, path: string): Map<string, SecretRecord> =>
  new Map(Object.entries(secrets).map(([name, sealed]) => [name, unsealed(name, sealed, ring, path)]));

/** The secret of this name. Throws `auth` when its key is not on the ring, and `corrupt` when it was changed; `path` is that of the file. */
export function unsealed(name: string, sealed: SealedSecret, ring: KeyRing, path: string): SecretRecord {
  const key = ring.keys.find(({ id }) => id === sealed.key);
  if (!key) {
    const own = ring.keys.length === 0 ? 'has no key' : `has ${ring.keys.map(({ id }) => id).join(', ')}`;
    throw new TroupeError(
      'auth',
      `The secret "${name}" in ${path} was encrypted with the key ${sealed.key}; ${ring.source} ${own}. Give that key back. If it is lost, so is the value: remove it with "troupe secrets delete ${name}" and set it again.`,
    );
  }
  const record = unsealSecret(name, sealed, key);
  if (record) return record;
  throw new TroupeError(
    'corrupt',
    `The secret "${name}" in ${path} was changed since it was written, so it is not used. The file was left as it is. Restore it from a copy, or remove the secret with "troupe secrets delete ${name}" and set it again.`,
  );
}
