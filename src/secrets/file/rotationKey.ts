/** The key that a rotation takes: a new one that is added to the file of keys, or the first one of those that a person has given. */
import { TroupeError } from '../../values/failure.ts';
import { newKeyCommand, type KeySource, type SecretKey } from './secretKey.ts';

/** The key for a rotation of secrets that are encrypted with the keys `used`; the same one each time it is called. Throws `invalid` when there is nothing to do. */
export function rotationKey({ read, add }: KeySource): (used: readonly string[]) => Promise<SecretKey> {
  let taken: SecretKey | undefined;
  return async (used) => {
    if (taken) return taken;
    if (used.length === 0)
      throw new TroupeError('invalid', 'There are no secrets to encrypt anew. The first one that is set makes a key.');
    const { source, newest } = await read();
    taken = add ? await add() : newest;
    if (!taken || (!add && used.every((id) => id === taken?.id)))
      throw new TroupeError(
        'invalid',
        `All secrets are encrypted with the first key of ${source}. Put a new key before it, ${source}=NEW,OLD, and rotate again; afterwards the old one can be left out. Make a key with: ${newKeyCommand}`,
      );
    return taken;
  };
}
