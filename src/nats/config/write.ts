/**
 * Writes a folder for a server: `nats.conf`, `accounts.conf`, `roles.json`, `limits.json`, and a file with a seed for each role of each tenant.
 *
 * NC1 A known key stays, even when its seed file was moved away, unless the caller asks for new keys.
 * NC2 An existing `nats.conf` is not changed, unless the caller asks for new keys.
 * NC3 Only the owner of a seed file can read it, and the seed is written nowhere else.
 * NC4 A tenant keeps each of its limits until it is given another one.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { loadNatsClient, nkeys } from '../client.ts';
import { TroupeError } from '../../values/failure.ts';
import { publicKeyOf, seedIn } from '../credentials.ts';
import { requireTenant } from '../tenant.ts';
import { accountsConf, defaultRoles, type PublicKeys } from './accounts.ts';
import { AllLimits, requireWorkable, type TenantLimits } from './limits.ts';
import { seedFileHeader } from './seedFileHeader.ts';
import { requesterRole } from './roles.ts';
import { serverConf, type ServerConfOptions } from './server.ts';

/** What is written. */
export interface WriteConfigOptions {
  /** The path of the folder; created when there is none. */
  readonly out: string;
  readonly tenants: readonly string[];
  /** By name of an agent or team that can be requested: what it takes, in words. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly server: ServerConfOptions;
  /** What each of `tenants` may use of the server. What is not given stays as it was written before, and is the default at first. */
  readonly limits?: TenantLimits;
  /** Write new keys for these tenants and roles, and a new `nats.conf`. Default: false. */
  readonly force?: boolean;
}

/** A file of the folder. */
export interface WrittenFile {
  readonly file: string;
  readonly how: 'written' | 'kept';
}

const PublicKeys = z.record(z.string(), z.record(z.string(), z.string().regex(/^U[A-Z2-7]{55}$/)));

/** Writes the folder. Rejects with `invalid` for an invalid option before anything is written. */
export async function writeConfig({
  out,
  tenants,
  inputs,
  server,
  limits: given = {},
  force = false,
}: WriteConfigOptions): Promise<WrittenFile[]> {
  await loadNatsClient();
  const conf = serverConf(server);
  tenants.forEach(requireTenant);
  requireWorkable(given);
  const known = await knownKeys(join(out, 'roles.json'));
  const limits = await knownLimits(join(out, 'limits.json'));
  for (const tenant of tenants) limits[tenant] = { ...limits[tenant], ...given }; // NC4
  await mkdir(out, { recursive: true });
  const written: WrittenFile[] = [];
  const keys: Record<string, Record<string, string>> = structuredClone(known);
  for (const tenant of tenants) {
    const roles = (keys[tenant] ??= {});
    await mkdir(join(out, tenant), { recursive: true, mode: 0o700 });
    for (const role of [...defaultRoles, ...Object.keys(inputs).map(requesterRole)]) {
      const file = join(out, tenant, `${role}.nk`);
      const old = force ? undefined : ((await keyIn(file)) ?? roles[role]);
      roles[role] = old ?? (await newKey(file, (key) => seedFileHeader(tenant, role, key, inputs)));
      written.push({ file, how: old === undefined ? 'written' : 'kept' });
    }
  }
  const text: [string, string][] = [
    ['roles.json', `${JSON.stringify(keys, null, 2)}\n`],
    ['limits.json', `${JSON.stringify(limits, null, 2)}\n`],
    ['accounts.conf', accountsConf(keys, limits)],
  ];
  for (const [name, content] of text) {
    await replace(join(out, name), content);
    written.push({ file: join(out, name), how: 'written' });
  }
  const main = join(out, 'nats.conf');
  const isKept = !force && existsSync(main); // NC2
  if (!isKept) await replace(main, conf);
  return [...written, { file: main, how: isKept ? 'kept' : 'written' }];
}

const knownKeys = (path: string): Promise<z.infer<typeof PublicKeys>> =>
  readKnown(
    path,
    PublicKeys,
    'a public key for each role of each tenant. Restore it, or remove it: the keys of seeds that are still in their files are found again',
  );

const knownLimits = (path: string): Promise<AllLimits> =>
  readKnown(
    path,
    AllLimits,
    'numbers for each tenant (storage, memory, connections, subscriptions, payload). Correct it, or remove it and give the limits again',
  );

/** What the file says; `{}` when there is none. */
async function readKnown<T>(path: string, schema: z.ZodType<Record<string, T>>, expected: string) {
  if (!existsSync(path)) return {};
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new TroupeError('invalid', `${path} is not what "troupe nats-config" writes: expected ${expected}.`, {
      cause,
    });
  }
}

/** The public key of the seed in a file; undefined when there is no file. */
async function keyIn(file: string): Promise<string | undefined> {
  if (!existsSync(file)) return undefined;
  const seed = seedIn(await readFile(file, 'utf8'));
  if (seed !== undefined) return publicKeyOf(seed);
  throw new TroupeError('invalid', `${file} is there and holds no seed. Move it away; nothing was written over it.`);
}

async function newKey(file: string, heading: (publicKey: string) => string): Promise<string> {
  const pair = nkeys.createUser();
  const key = pair.getPublicKey();
  const seed = new TextDecoder().decode(pair.getSeed());
  pair.clear();
  await replace(file, `${heading(key)}${seed}\n`, 0o600); // NC3
  return key;
}

/** Replaces a file at once: a program that reads it meanwhile sees the old or the new content, never a part. */
async function replace(file: string, content: string, mode = 0o644): Promise<void> {
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, content, { mode, flag: 'wx' });
  await chmod(draft, mode);
  await rename(draft, file);
}
