/** The keys that secrets are encrypted with: 32 random bytes, written as base64 or hex, and known by an id that says nothing about them. */
import { createHmac, randomBytes } from 'node:crypto';
import { TroupeError } from '../../values/failure.ts';

/** Bytes: of AES-256. */
const keyLength = 32;
/** The command that makes a key. */
export const newKeyCommand = 'openssl rand -base64 32';

/** A key. */
export interface SecretKey {
  /** 12 hexadecimal digits that are made from the key by a one-way function. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The keys that a process has. */
export interface KeyRing {
  /** Where they come from, within a sentence: `TROUPE_SECRETS_KEY`, `the key file /home/…`. */
  readonly source: string;
  /** All of them: each can read what was written with it. */
  readonly keys: readonly SecretKey[];
  /** The one to write with; undefined when there is none. */
  readonly newest: SecretKey | undefined;
}

/** Where the keys of a process come from. */
export interface KeySource {
  /** Reads them. `auth` when they must not be used, `invalid` when they are no keys. */
  read(): Promise<KeyRing>;
  /** Makes a first key, or gives that which another process made meanwhile; undefined when only a person can. */
  readonly create?: () => Promise<KeyRing>;
  /** Adds a new key and returns it, which is then the newest; undefined when only a person can. */
  readonly add?: () => Promise<SecretKey>;
}

/** A key with these bytes. */
export const secretKey = (bytes: Uint8Array): SecretKey => ({
  id: createHmac('sha256', bytes).update('the id of a key of secrets').digest('hex').slice(0, 12),
  bytes,
});

/** A new key. */
export const newSecretKey = (): SecretKey => secretKey(randomBytes(keyLength));

/** The text of a key, as `parseSecretKey` reads it. */
export const secretKeyText = ({ bytes }: SecretKey): string => Buffer.from(bytes).toString('base64');

/** Reads a key. Throws `invalid`; `where` names the place in the message, which never has the text in it. */
export function parseSecretKey(text: string, where: string): SecretKey {
  const bytes = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
      ? Buffer.from(text, 'base64')
      : undefined;
  if (bytes?.length === keyLength) return secretKey(bytes);
  const came =
    text === ''
      ? 'nothing'
      : `${text.length} characters${bytes === undefined ? '' : `, which are ${bytes.length} bytes`}`;
  throw new TroupeError(
    'invalid',
    `${where} must be a key of ${keyLength} bytes, as base64 (44 characters) or hex (64); got ${came}. Make one with: ${newKeyCommand}`,
  );
}
