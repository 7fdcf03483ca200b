/**
 * Secrets in an encrypted file, for the processes of one machine.
 *
 * SF1 Without the key the file tells of a secret its name, how many bytes it has and which key it needs. Nothing in it can be changed unnoticed.
 * SF2 A change is made whole or not at all, whenever the process is killed; one that was acknowledged stays.
 * SF3 Of two processes that write at once, neither takes back what the other one wrote.
 * SF4 What is damaged, or is encrypted with a key that is not here, is named, and is never written over.
 * SF5 A rotation that is interrupted leaves every secret readable, and can simply be repeated.
 */
import { TroupeError } from '../../values/failure.ts';
import type { Clock } from '../../values/clock.ts';
import { acceptedValues, requireSecretName } from '../accepted.ts';
import { quietSecret } from '../quietSecret.ts';
import { missingSecret, pageOf, recordAfterSet, summaryOf } from '../record.ts';
import type { SecretStore, SecretStoreOptions } from '../secretStore.ts';
import { sealSecret } from './cipher.ts';
import { documentText, secretsIn, type SealedSecrets } from './document.ts';
import { rotationKey } from './rotationKey.ts';
import type { KeyRing, KeySource, SecretKey } from './secretKey.ts';
import { unsealAll, unsealed } from './unsealed.ts';
import { versionsIn } from './versions.ts';

/** A store in an encrypted file. */
export interface FileSecretStore extends SecretStore {
  /** Encrypts all secrets with a new key. `invalid` when there are none, or when a person must supply the new key first. */
  rotate(): Promise<SecretRotation>;
}

/** What a rotation did. */
export interface SecretRotation {
  /** How many secrets are encrypted with the new key: all. */
  readonly secrets: number;
  /** The id of the new key. */
  readonly key: string;
  /** The ids of the keys that no secret of this store needs any more, and that the process still has. */
  readonly formerKeys: readonly string[];
}

/** Each try that fails is a change that another process has made. */
const mostTries = 10_000;

/** The secrets in a folder, which is made when the first one is set. `clock` tells when secrets are set. */
export function fileSecrets(
  folder: string,
  keys: KeySource,
  clock: Pick<Clock, 'now'>,
  { onRead }: SecretStoreOptions = {},
): FileSecretStore {
  const versions = versionsIn(folder);
  let lastChange: Promise<unknown> = Promise.resolve();

  async function read() {
    const { number, path, text } = await versions.read();
    return { number, path, secrets: text === undefined ? {} : secretsIn(text, path) };
  }

  /** Writes what `change` makes of the secrets; once more when another process wrote meanwhile (SF3). Those of this process wait for each other. */
  function update<T>(change: (at: Located, isRepeated: boolean) => Promise<Changed<T>>): Promise<T> {
    const result = lastChange.then(async () => {
      for (let tries = 0; tries < mostTries; tries++) {
        const { number, ...at } = await read();
        const { secrets, result } = await change(at, tries > 0);
        if (await versions.write(number, documentText(secrets))) return result;
      }
      throw new TroupeError(
        'storage',
        `The secrets in ${folder} were changed ${mostTries} times while one more change was made. Try again later.`,
      );
    });
    lastChange = result.catch(() => {}); // The caller has the error.
    return result;
  }

  return {
    async set(name, values, options = {}) {
      requireSecretName(name);
      const given = acceptedValues(name, values);
      return update(async ({ path, secrets }) => {
        const isFirst = Object.keys(secrets).length === 0;
        const found = await keys.read();
        const ring = found.newest || !isFirst ? found : ((await keys.create?.()) ?? found);
        const records = unsealAll(secrets, ring, path); // SF4
        if (!ring.newest) throw noKey(ring, path);
        const before = records.get(name);
        const record = recordAfterSet(name, before, given, options, clock.now());
        return {
          secrets: { ...secrets, [name]: sealSecret(name, record, ring.newest) },
          result: { ...summaryOf(name, record), isNew: before === undefined },
        };
      });
    },
    async get(name) {
      requireSecretName(name);
      const { path, secrets } = await read();
      const sealed = secrets[name];
      if (!sealed) throw missingSecret(name, Object.keys(secrets));
      const record = unsealed(name, sealed, await keys.read(), path);
      onRead?.(Object.values(record.values)); // SC4
      return quietSecret(summaryOf(name, record), record.values);
    },
    async list(options = {}) {
      const { path, secrets } = await read();
      const records = unsealAll(secrets, await keys.read(), path);
      return pageOf(
        [...records].map(([name, record]) => summaryOf(name, record)),
        options,
      );
    },
    async delete(name) {
      requireSecretName(name);
      await update(async ({ secrets }, isRepeated) => {
        const { [name]: removed, ...others } = secrets;
        // When it is gone at the second try, this process or another one has removed it.
        if (!removed && !isRepeated) throw missingSecret(name, Object.keys(secrets));
        return { secrets: others, result: undefined };
      });
    },
    async rotate() {
      const next = rotationKey(keys);
      return update(async ({ path, secrets }) => {
        const before = await keys.read();
        const records = unsealAll(secrets, before, path);
        const key = await next(Object.values(secrets).map(({ key: id }) => id));
        return {
          secrets: Object.fromEntries([...records].map(([name, record]) => [name, sealSecret(name, record, key)])),
          result: { secrets: records.size, key: key.id, formerKeys: idsBut(key, await keys.read()) },
        };
      });
    },
  };
}

interface Located {
  readonly path: string;
  readonly secrets: SealedSecrets;
}
interface Changed<T> {
  readonly secrets: SealedSecrets;
  readonly result: T;
}

const idsBut = ({ id: own }: SecretKey, { keys }: KeyRing): string[] => [
  ...new Set(keys.map(({ id }) => id).filter((id) => id !== own)),
];

const noKey = ({ source }: KeyRing, path: string): TroupeError =>
  new TroupeError('auth', `There is no key in ${source} to encrypt the secrets in ${path} with.`);
