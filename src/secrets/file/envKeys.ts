/** Keys from the environment: `TROUPE_SECRETS_KEY=KEY`, or `NEW,OLD` while secrets are taken from one key to the next. */
import { TroupeError } from '../../values/failure.ts';
import { newKeyCommand, parseSecretKey, type KeySource } from './secretKey.ts';

/** The keys in the text of the variable: the first one writes, all of them read. Throws `invalid`. */
export function envKeys(text: string): KeySource {
  const source = 'TROUPE_SECRETS_KEY';
  if (text.trim() === '')
    throw new TroupeError(
      'invalid',
      `${source} is set and empty. Set it to a key (make one with: ${newKeyCommand}), or unset it to use the key file.`,
    );
  const texts = text.split(',').map((part) => part.trim());
  const keys = texts.map((part, index) =>
    parseSecretKey(part, texts.length === 1 ? source : `Key ${index + 1} of ${source}`),
  );
  return { read: async () => ({ source, keys, newest: keys[0] }) };
}
