/** Chooses the file of a process's replica: each process takes one that no other has open, so that the next start continues where some process of this machine stopped. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toFailure } from '../../values/failure.ts';
import { removeReplicaFile, sqliteReplica } from './sqliteReplica.ts';
import { rebuiltNotice, type JournalReplica } from './replica.ts';

/** So many processes can have a file in one folder; any further process keeps its replica in memory. */
const maxFiles = 8;

/** Opens the first free file in the folder; in memory when none is free or the folder cannot be written. `name` identifies the journal. */
export async function openReplica(
  folder: string,
  name: string,
  onNotice: (says: string) => void = () => {},
): Promise<JournalReplica> {
  const isFolderReady = await mkdir(folder, { recursive: true }).then(
    () => true,
    () => false,
  );
  for (let slot = isFolderReady ? 1 : maxFiles + 1; slot <= maxFiles; slot++) {
    const replica = await openAt(join(folder, `view-${name}-${slot}.db`), onNotice);
    if (replica) return replica;
  }
  return sqliteReplica(':memory:');
}

/** Undefined when another process has the file, or it cannot be used. A damaged file is created again: the log has everything. */
async function openAt(path: string, onNotice: (says: string) => void): Promise<JournalReplica | undefined> {
  for (const isLast of [false, true]) {
    try {
      return await sqliteReplica(path);
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind !== 'corrupt' || isLast) return undefined;
      onNotice(rebuiltNotice(path, message));
      await removeReplicaFile(path);
    }
  }
  return undefined;
}
