/**
 * The tokens with which programs reach a server, each in a file of its own.
 *
 * AT1 Only a hash is stored: who reads the files cannot use the tokens. A token has 256 bits of chance, so that it cannot be found from its hash.
 * AT2 A token that was removed, replaced or has expired stops working at once, in every process that uses the folder; one that was replaced and is kept, when that time is up.
 * AT3 A file is written whole or not at all, and two tokens never have the same name.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { AuthClient, TokenInfo } from '../../../contracts/client/tokens.ts';
import type { Clock } from '../../../values/clock.ts';
import { milliseconds, type Duration } from '../../../values/duration.ts';
import { TroupeError } from '../../../values/failure.ts';
import { propertiesOf } from '../../../values/properties.ts';

/** The tokens of a folder. */
export interface AccessTokens extends AuthClient {
  /** Is it a token of the folder that has not expired? */
  accepts(token: string): Promise<boolean>;
}

const TokenRecord = z.object({
  name: z.string(),
  /** SHA-256, in hexadecimal. */
  hash: z.string().length(64),
  created_at: z.number(),
  expires_at: z.number().exactOptional(),
  /** The token before it, while that is kept. */
  former: z.object({ hash: z.string().length(64), until: z.number() }).exactOptional(),
});
type TokenRecord = z.infer<typeof TokenRecord>;

/** A token that is made. */
interface NewToken {
  readonly name: string;
  /** Milliseconds; for ever when undefined. */
  readonly lifetime: number | undefined;
  readonly former?: TokenRecord['former'] | undefined;
}

const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The tokens in a folder, which is made when the first token is. */
export function accessTokens(folder: string, clock: Pick<Clock, 'now' | 'id'>): AccessTokens {
  const fileOf = (name: string) => join(folder, `${name}.json`);

  const find = async (name: string): Promise<TokenRecord> => {
    requireTokenName(name);
    const record = await read(fileOf(name));
    if (record) return record;
    throw new TroupeError('unknown_recipient', `There is no token "${name}". List the tokens to see their names.`);
  };

  /** AT3: written beside it, and then put in its place. */
  const write = async ({ name, lifetime, former }: NewToken, put: (from: string, to: string) => Promise<void>) => {
    const token = `troupe_${name}.${randomBytes(32).toString('base64url')}`;
    const now = clock.now();
    const record: TokenRecord = {
      name,
      hash: digest(token).toString('hex'),
      created_at: now,
      ...(lifetime === undefined ? {} : { expires_at: now + lifetime }),
      ...(former ? { former } : {}),
    };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unfinished = join(folder, `${name}.${clock.id()}.new`);
    try {
      await writeFile(unfinished, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
      await put(unfinished, fileOf(name));
    } finally {
      await rm(unfinished, { force: true });
    }
    return { ...infoOf(record), token };
  };

  return {
    async create(name, { expiresIn } = {}) {
      requireTokenName(name);
      const lifetime = expiresIn === undefined ? undefined : lifetimeOf(expiresIn);
      return write({ name, lifetime }, async (from, to) => {
        try {
          await link(from, to);
        } catch (thrown) {
          if (propertiesOf(thrown)['code'] !== 'EEXIST') throw thrown;
          throw new TroupeError('conflict', `There is a token "${name}" already. Rotate it, or choose another name.`);
        }
      });
    },
    async list() {
      const names = await readdir(folder).catch(() => []);
      const records = await Promise.all(
        names.filter((name) => name.endsWith('.json')).map((name) => read(join(folder, name))),
      );
      return records.filter((record) => record !== undefined).map(infoOf);
    },
    async rotate(name, { keepFor } = {}) {
      const kept = keepFor === undefined ? 0 : lifetimeOf(keepFor);
      const { hash, created_at: from, expires_at: end = Infinity } = await find(name);
      const until = Math.min(clock.now() + kept, end);
      const former = until > clock.now() ? { hash, until } : undefined;
      return write({ name, lifetime: end === Infinity ? undefined : end - from, former }, rename);
    },
    async delete(name) {
      await find(name);
      await rm(fileOf(name), { force: true });
    },
    async accepts(token) {
      const [, name] = /^troupe_([a-z0-9][a-z0-9_-]{0,63})\.[\w-]{43}$/.exec(token) ?? [];
      // AT2: read again for each request.
      const record = name === undefined ? undefined : await read(fileOf(name));
      if (!record) return false;
      const given = digest(token);
      const isOne = ({ hash }: Pick<TokenRecord, 'hash'>) => timingSafeEqual(given, Buffer.from(hash, 'hex'));
      if (isOne(record)) return clock.now() < (record.expires_at ?? Infinity);
      return record.former !== undefined && isOne(record.former) && clock.now() < record.former.until;
    },
  };
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

const infoOf = ({ hash: _, former: __, ...info }: TokenRecord): TokenInfo => info;

/** The record in a file; undefined when there is none, and for a file that is no record. */
async function read(file: string): Promise<TokenRecord | undefined> {
  try {
    return TokenRecord.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch (thrown) {
    if (propertiesOf(thrown)['code'] === 'ENOENT' || thrown instanceof SyntaxError) return undefined;
    throw new TroupeError('storage', `The token file ${file} cannot be read. Check its folder.`, { cause: thrown });
  }
}

/** The name is not in the message: a token may have been given in its place. */
function requireTokenName(name: string): void {
  if (namePattern.test(name)) return;
  throw new TroupeError(
    'invalid',
    'The name of a token has 1 to 64 lower-case letters, digits, "_" and "-", and begins with a letter or a digit, such as "ci".',
  );
}

function lifetimeOf(text: string): number {
  try {
    // `milliseconds` rejects text that is no duration.
    return milliseconds(text as Duration);
  } catch (cause) {
    throw new TroupeError(
      'invalid',
      `A token expires after a duration such as 12h or 30d; got ${JSON.stringify(text.slice(0, 40))}.`,
      { cause },
    );
  }
}
