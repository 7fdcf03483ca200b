/** A store of deployments on a NATS server, for all processes of a tenant. A record is compressed: the schemas of its versions are much alike. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ServerRecords } from '../../nats/records.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import { otherRevision, partsOfKey, type DeploymentStore, type RecordKey, type StoredRecord } from './store.ts';

/** The store over the records of a tenant. */
export function serverDeployments(records: ServerRecords): DeploymentStore {
  /** Ids have no dots but those that separate tokens of a subject. */
  const nameOf = (key: RecordKey): string => {
    const { kind, id } = partsOfKey(key);
    return `${kind}.${id.replaceAll('.', '/')}`;
  };
  async function read(name: string): Promise<(StoredRecord & { readonly sequence: number }) | undefined> {
    const found = await records.get(name);
    return found && { ...decoded(found.body, name), sequence: found.sequence };
  }

  return {
    async get(key) {
      const found = await read(nameOf(key));
      return found && { value: found.value, revision: found.revision };
    },
    async put(key, value, revision) {
      const name = nameOf(key);
      const before = await read(name);
      if ((before?.revision ?? 0) !== revision) throw otherRevision(key, revision);
      const next = { revision: revision + 1, value };
      if (!(await records.put(name, encoded(next), before?.sequence ?? 0))) throw otherRevision(key, revision);
      return next.revision;
    },
    async ids(kind) {
      const names = await records.names(`${kind}.`);
      const found = await Promise.all(names.map(async (name) => ({ name, record: await read(name) })));
      return found
        .flatMap(({ name, record }) => (record && record.value !== null ? [name.slice(kind.length + 1)] : []))
        .map((token) => token.replaceAll('/', '.'))
        .sort();
    },
  };
}

const encoded = (record: StoredRecord): Uint8Array => deflateRawSync(JSON.stringify(record));

function decoded(body: Uint8Array, name: string): StoredRecord {
  try {
    const read: Json = JSON.parse(inflateRawSync(body).toString('utf8'));
    const { revision, value } = propertiesOf(read);
    // What was written by this store has both.
    if (typeof revision === 'number') return { revision, value: value as Json };
  } catch {
    // Told below.
  }
  throw new TroupeError(
    'corrupt',
    `The record ${name} on the NATS server is none of this store. Restore it from a backup.`,
  );
}
