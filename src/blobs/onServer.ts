/**
 * Contents in the object store of a NATS server, for a journal that processes share. The hash of a stream is known only at its end, so `data/<id>` has a content and
 * `blob/<hash>` its id; `use/<run>/<hash>` has the time at which a run began to use it. Of a content that two put at the same moment, the second copy is removed a day later.
 */
import type { ObjectStore } from '../nats/objectStore.ts';
import type { Clock } from '../values/clock.ts';
import type { BlobStore } from './blobStore.ts';
import { contentMeter, unreadableContent, verified } from './contentHash.ts';

/** A run that began to use a content within so many milliseconds may be one that other processes do not know yet. */
const grace = 3_600_000;
/** A content whose `put` was broken off is removed after so many milliseconds. */
const brokenOffAfter = 24 * 3_600_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The contents in a bucket. */
export function serverBlobs(objects: ObjectStore, clock: Pick<Clock, 'id' | 'now'>): BlobStore {
  const textOf = async (name: string): Promise<string | undefined> => {
    const bytes = await objects.getBytes(name);
    return bytes && decoder.decode(bytes);
  };
  const putText = (name: string, text: string) => objects.putBytes(name, encoder.encode(text));

  async function* partsOf(hash: string): AsyncGenerator<Uint8Array> {
    const id = await textOf(`blob/${hash}`);
    if (id === undefined) throw unreadableContent(hash);
    yield* objects.get(`data/${id}`);
  }

  /** By run: the hashes that it uses. */
  async function uses(): Promise<{ readonly names: readonly string[]; readonly byRun: Map<string, string[]> }> {
    const names = await objects.list();
    const byRun = new Map<string, string[]>();
    for (const name of names) {
      const [kind, run, hash] = name.split('/');
      if (kind === 'use' && run !== undefined && hash !== undefined) byRun.set(run, [...(byRun.get(run) ?? []), hash]);
    }
    return { names, byRun };
  }

  const usersOf = async (hash: string) => [...(await uses()).byRun.values()].some((hashes) => hashes.includes(hash));

  async function releaseContent(hash: string): Promise<void> {
    if (await usersOf(hash)) return;
    const id = await textOf(`blob/${hash}`);
    if (id === undefined) return;
    await objects.remove(`blob/${hash}`);
    // A run that puts it again meanwhile says so first.
    if (await usersOf(hash)) await putText(`blob/${hash}`, id);
    else await objects.remove(`data/${id}`);
  }

  async function removeBrokenOff(names: readonly string[]): Promise<void> {
    const old = names.filter((name) => {
      const at = Number(/^data\/(\d+)-/.exec(name)?.[1] ?? Number.NaN);
      return at < clock.now() - brokenOffAfter;
    });
    if (old.length === 0) return;
    const referred = new Set<string>();
    for (const name of names) if (name.startsWith('blob/')) referred.add(`data/${await textOf(name)}`);
    for (const name of old) if (!referred.has(name)) await objects.remove(name);
  }

  return {
    async put(data, run) {
      const id = `${clock.now()}-${clock.id()}`;
      const meter = contentMeter();
      await objects.put(
        `data/${id}`,
        (async function* () {
          for await (const part of data) {
            meter.add(part);
            yield part;
          }
        })(),
      );
      const blob = meter.result();
      await putText(`use/${run}/${blob.hash}`, String(clock.now()));
      if ((await textOf(`blob/${blob.hash}`)) === undefined) await putText(`blob/${blob.hash}`, id);
      else await objects.remove(`data/${id}`);
      return blob;
    },
    get: (hash) => verified(hash, partsOf(hash)),
    async runs() {
      const found: string[] = [];
      for (const [run, hashes] of (await uses()).byRun) {
        const times = await Promise.all(hashes.map((hash) => textOf(`use/${run}/${hash}`)));
        if (times.every((at) => Number(at ?? 0) < clock.now() - grace)) found.push(run);
      }
      return found;
    },
    async release(run) {
      const { names, byRun } = await uses();
      for (const hash of byRun.get(run) ?? []) {
        await objects.remove(`use/${run}/${hash}`);
        await releaseContent(hash);
      }
      await removeBrokenOff(names);
    },
  };
}
