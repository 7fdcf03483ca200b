/** The secrets as other programs may use them, over HTTP or MCP: the values of private ones stay here. */
import { TroupeError } from '../values/failure.ts';
import type { SecretStore } from './secretStore.ts';

/** The same store, whose `get` rejects with `denied` for a private secret. `set` cannot make it public, so there is no way around. */
export const withoutPrivateValues = (store: SecretStore): SecretStore => ({
  set: (name, values, options) => store.set(name, values, options),
  list: (options) => store.list(options),
  delete: (name) => store.delete(name),
  async get(name) {
    const secret = await store.get(name);
    if (!secret.private) return secret;
    throw new TroupeError(
      'denied',
      `The secret "${name}" is private, so its values are not given to other programs. "troupe secrets show ${name} --show-values" shows them on its machine.`,
      { data: { secret: name } },
    );
  },
});
