/** Secrets in the memory of a process. They are gone when it ends. */
import type { Clock } from '../../src/values/clock.ts';
import { acceptedValues, requireSecretName } from '../../src/secrets/accepted.ts';
import { quietSecret } from '../../src/secrets/quietSecret.ts';
import { missingSecret, pageOf, recordAfterSet, summaryOf, type SecretRecord } from '../../src/secrets/record.ts';
import type { SecretStore, SecretStoreOptions } from '../../src/secrets/secretStore.ts';

/** A store without a file. `clock` tells when secrets are set. */
export function memorySecrets(clock: Pick<Clock, 'now'>, { onRead }: SecretStoreOptions = {}): SecretStore {
  const records = new Map<string, SecretRecord>();
  const find = (name: string): SecretRecord => {
    requireSecretName(name);
    const record = records.get(name);
    if (record) return record;
    throw missingSecret(name, [...records.keys()]);
  };

  return {
    async set(name, values, options = {}) {
      requireSecretName(name);
      const given = acceptedValues(name, values);
      const before = records.get(name);
      const record = recordAfterSet(name, before, given, options, clock.now());
      records.set(name, record);
      return { ...summaryOf(name, record), isNew: before === undefined };
    },
    async get(name) {
      const record = find(name);
      onRead?.(Object.values(record.values)); // SC4
      return quietSecret(summaryOf(name, record), record.values);
    },
    async list(options = {}) {
      return pageOf(
        [...records].map(([name, record]) => summaryOf(name, record)),
        options,
      );
    },
    async delete(name) {
      find(name);
      records.delete(name);
    },
  };
}
