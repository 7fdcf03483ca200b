/** A store of deployments in memory, for tests and for one process. */
import type { Json } from '../../src/values/json.ts';
import { throughJson } from '../../src/values/json.ts';
import {
  otherRevision,
  partsOfKey,
  type DeploymentStore,
  type StoredRecord,
} from '../../src/deployments/store/store.ts';

/** A store that is gone with its process. */
export function memoryDeployments(): DeploymentStore {
  const records = new Map<string, StoredRecord>();
  return {
    async get(key) {
      const { kind, id } = partsOfKey(key);
      const found = records.get(`${kind}/${id}`);
      return found && { value: throughJson(found.value), revision: found.revision };
    },
    async put(key, value: Json, revision) {
      partsOfKey(key);
      if ((records.get(key)?.revision ?? 0) !== revision) throw otherRevision(key, revision);
      records.set(key, { value: throughJson(value), revision: revision + 1 });
      return revision + 1;
    },
    async ids(kind) {
      return [...records]
        .filter(([key, { value }]) => key.startsWith(`${kind}/`) && value !== null)
        .map(([key]) => key.slice(kind.length + 1))
        .sort();
    },
  };
}
