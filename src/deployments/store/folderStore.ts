/**
 * A store of deployments in a folder, for all processes of a machine. Each revision of a record is a file of its own, `deployments/desk/000000000012.json`. It is
 * written beside its place and then linked to it, which the file system refuses to the second of two writers. The highest number is the record.
 */
import { mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../values/clock.ts';
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import { linkNewFile } from './linkNewFile.ts';
import { otherRevision, partsOfKey, type DeploymentStore, type StoredRecord } from './store.ts';

/** Revisions whose text is kept: a reader that has listed the folder may still read the one of before. */
const readable = 4;
/**
 * Revisions whose file is kept, although it is empty: its name refuses a writer that has read an old record and was stopped for long. One that was stopped for
 * longer finds its own revision far below the highest one, and takes it back.
 */
const remembered = 256;

const nameOf = (revision: number): string => `${String(revision).padStart(12, '0')}.json`;

/** The store in a folder, which is made when something is written. */
export function folderDeployments(folder: string, clock: Pick<Clock, 'id'>): DeploymentStore {
  const placeOf = (kind: string, id: string) => join(folder, kind, id);

  async function get(kind: string, id: string): Promise<StoredRecord | undefined> {
    for (;;) {
      const revision = (await revisionsIn(placeOf(kind, id))).at(-1);
      if (revision === undefined) return undefined;
      const text = await readFile(join(placeOf(kind, id), nameOf(revision)), 'utf8').catch(ifAbsent(() => ''));
      // It was overtaken between the two calls: the next listing has a higher one.
      if (text !== '') return { value: parsed(text, join(placeOf(kind, id), nameOf(revision))), revision };
      if ((await revisionsIn(placeOf(kind, id))).at(-1) === revision) throw damaged(placeOf(kind, id), revision);
    }
  }

  return {
    get(key) {
      const { kind, id } = partsOfKey(key);
      return get(kind, id);
    },
    async put(key, value, revision) {
      const { kind, id } = partsOfKey(key);
      const place = placeOf(kind, id);
      if (((await revisionsIn(place)).at(-1) ?? 0) !== revision) throw otherRevision(key, revision);
      await mkdir(place, { recursive: true });
      const next = revision + 1;
      const isFirst = await linkNewFile(join(place, nameOf(next)), `${JSON.stringify(value)}\n`, clock.id());
      if (!isFirst) throw otherRevision(key, revision);
      const all = await revisionsIn(place);
      if ((all.at(-1) ?? next) >= next + remembered) {
        await rm(join(place, nameOf(next)), { force: true });
        throw otherRevision(key, revision);
      }
      await forget(place, all);
      return next;
    },
    async ids(kind) {
      const names = await namesIn(join(folder, kind));
      const records = await Promise.all(names.map(async (id) => ({ id, record: await get(kind, id) })));
      return records.flatMap(({ id, record }) => (record && record.value !== null ? [id] : [])).sort();
    },
  };
}

/** Empties or deletes the files of revisions that are no longer read. It may be left undone. */
async function forget(place: string, revisions: readonly number[]): Promise<void> {
  const last = revisions.at(-1) ?? 0;
  const old = revisions.filter((revision) => revision <= last - readable);
  const [empties, gone] = [old.slice(-2), old.filter((revision) => revision <= last - remembered)];
  await Promise.all([
    ...empties.map((revision) => truncate(join(place, nameOf(revision))).catch(() => {})),
    ...gone.map((revision) => rm(join(place, nameOf(revision)), { force: true }).catch(() => {})),
  ]);
}

/** In ascending order. */
const revisionsIn = async (place: string): Promise<number[]> =>
  (await namesIn(place))
    .flatMap((name) => (/^\d{12}\.json$/.test(name) ? [Number(name.slice(0, 12))] : []))
    .sort((a, b) => a - b);

const namesIn = (place: string): Promise<string[]> => readdir(place).catch(ifAbsent((): string[] => []));

const ifAbsent =
  <T>(otherwise: () => T) =>
  (thrown: unknown): T => {
    if (propertiesOf(thrown)['code'] === 'ENOENT') return otherwise();
    throw new TroupeError('storage', `The folder of deployments cannot be read: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  };

function parsed(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new TroupeError('corrupt', `${file} is no record: it is not JSON. Restore the folder from a backup.`, {
      cause,
    });
  }
}

const damaged = (place: string, revision: number): TroupeError =>
  new TroupeError(
    'corrupt',
    `${join(place, nameOf(revision))} is empty, and it is the newest revision of its record. Restore the folder from a backup, or delete this one file to go back to the revision before.`,
  );
