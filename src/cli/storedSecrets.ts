/** The values of all secrets beside a journal, to be masked in what leaves this machine. */
import { dirname, resolve } from 'node:path';
import { openSecrets } from '../secrets/openSecrets.ts';
import type { Cli } from './cli.ts';
import type { CommonOptions } from './options.ts';

const defaultJournal = '.troupe/troupe.db';

/** Secrets that are read at once. */
const size = 100;

/** All values; none where there are no secrets. From then on they are masked in messages, too. Rejects when there are secrets and they cannot be read: then nothing could be masked. */
export async function storedSecrets(
  { cwd, env, clock, mask }: Pick<Cli, 'cwd' | 'env' | 'clock' | 'mask'>,
  { db = env['TROUPE_DB'] ?? defaultJournal }: Pick<CommonOptions, 'db'>,
): Promise<string[]> {
  const folder = dirname(resolve(cwd, db === 'memory' ? defaultJournal : db));
  const store = openSecrets(env, folder, { clock, onRead: mask.hide });
  const found: string[] = [];
  for (let page = 1; ; page++) {
    const { secrets, total } = await store.list({ page, size });
    for (const { name } of secrets) found.push(...Object.values((await store.get(name)).values));
    if (page * size >= total) return found;
  }
}
