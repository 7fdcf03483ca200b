/** The secrets of a store as a client has them: values go in, and none comes out. */
import type { SecretInfo, SecretsClient } from '../contracts/client/secrets.ts';
import type { SecretStore, SecretSummary } from '../secrets/secretStore.ts';
import { TroupeError } from '../values/failure.ts';
import { requireLimit } from './executionsPage.ts';

/** The page size by default, and the largest one. */
const [usual, most] = [100, 1_000];

/** The client of a store. */
export function secretsClient(store: Pick<SecretStore, 'set' | 'list' | 'delete'>): SecretsClient {
  return {
    create: async (name, values, options) => infoOf(await store.set(name, values, options)),
    async list({ limit = usual, cursor } = {}) {
      const size = requireLimit(limit, most);
      const page = cursor === undefined ? 1 : Number(cursor);
      if (!Number.isSafeInteger(page) || page < 1)
        throw new TroupeError('invalid', 'The cursor is none that a list of secrets has given. Begin without one.');
      const { secrets, total } = await store.list({ page, size });
      return { items: secrets.map(infoOf), ...(page * size < total ? { next: String(page + 1) } : {}) };
    },
    delete: (name) => store.delete(name),
  };
}

const infoOf = ({ name, keys, private: isPrivate, created, updated }: SecretSummary): SecretInfo => ({
  name,
  keys,
  private: isPrivate,
  created_at: created,
  updated_at: updated,
});
