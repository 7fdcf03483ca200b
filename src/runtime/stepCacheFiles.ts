/** Keeps results of steps in files of the project, so that later processes on this machine find them. A file that cannot be read or written is no result. */
import { join } from 'node:path';
import type { StepCache } from '../contracts/workflow/stepCache.ts';
import { isJsonObject, type Json } from '../values/json.ts';

const fs = process.getBuiltinModule('node:fs');

/** A larger result is not kept, in characters of its JSON. */
const longest = 10_000_000;
/** So many files are looked through for results that are no longer valid, each time one is kept. */
const lookedThrough = 20;

/** The results in a folder, which is made when the first one is kept. */
export function stepCacheFiles(folder: string): StepCache {
  const fileOf = (key: string) => join(folder, `${key}.json`);
  let written = 0;

  async function read(name: string): Promise<{ readonly until: number; readonly result: Json } | undefined> {
    try {
      const kept = JSON.parse(await fs.promises.readFile(name, 'utf8')) as Json;
      if (!isJsonObject(kept) || typeof kept['until'] !== 'number' || kept['result'] === undefined) return undefined;
      return { until: kept['until'], result: kept['result'] };
    } catch {
      return undefined; // It is not there, or was damaged: the result is made anew.
    }
  }

  async function removeOld(now: number): Promise<void> {
    const names = await fs.promises.readdir(folder).catch(() => []);
    const from = (written * lookedThrough) % Math.max(1, names.length);
    for (const name of names.slice(from, from + lookedThrough)) {
      const kept = await read(join(folder, name));
      if (!kept || kept.until <= now) await fs.promises.rm(join(folder, name), { force: true }).catch(() => {});
    }
  }

  return {
    async get(key, now) {
      const kept = await read(fileOf(key));
      return kept && kept.until > now ? kept.result : undefined;
    },
    async set(key, result, now, ttl) {
      const text = JSON.stringify({ until: now + ttl, result });
      if (text.length > longest) return;
      // Under another name first: a reader never sees half of it.
      const draft = join(folder, `${key}.${process.pid}.${written++}.tmp`);
      try {
        await fs.promises.mkdir(folder, { recursive: true, mode: 0o700 });
        await fs.promises.writeFile(draft, text, { mode: 0o600 });
        await fs.promises.rename(draft, fileOf(key));
      } catch {
        await fs.promises.rm(draft, { force: true }).catch(() => {});
      }
      await removeOld(now);
    },
  };
}
