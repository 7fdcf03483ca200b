/** Encrypts a secret: AES-256-GCM with a fresh random nonce. The name and the format are authenticated with it, so an entry cannot be given another name. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { SecretRecord } from '../record.ts';
import type { SecretKey } from './secretKey.ts';

const algorithm = 'aes-256-gcm';
/** Bytes. */
const nonceLength = 12;
const tagLength = 16;

/** An encrypted secret. Values, the names of keys, visibility and times are in `data`. */
export const SealedSecret = z.strictObject({
  /** The id of the key. */
  key: z.string(),
  /** Base64. */
  nonce: z.string(),
  /** What is encrypted, with the tag that authenticates it at its end: base64. */
  data: z.string(),
});
export type SealedSecret = z.infer<typeof SealedSecret>;

const authenticated = (name: string, key: string): Buffer =>
  Buffer.from(JSON.stringify(['a secret of troupe', 1, key, name]));

/** Encrypts a secret under its name. */
export function sealSecret(name: string, record: SecretRecord, key: SecretKey): SealedSecret {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv(algorithm, key.bytes, nonce, { authTagLength: tagLength });
  cipher.setAAD(authenticated(name, key.id));
  const data = Buffer.concat([cipher.update(JSON.stringify(record), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { key: key.id, nonce: nonce.toString('base64'), data: data.toString('base64') };
}

/** Decrypts the secret of this name with its key; undefined when it, its name or its key is not what was encrypted. */
export function unsealSecret(name: string, sealed: SealedSecret, key: SecretKey): SecretRecord | undefined {
  const nonce = Buffer.from(sealed.nonce, 'base64');
  const data = Buffer.from(sealed.data, 'base64');
  if (nonce.length !== nonceLength || data.length < tagLength) return undefined;
  const decipher = createDecipheriv(algorithm, key.bytes, nonce, { authTagLength: tagLength });
  decipher.setAAD(authenticated(name, sealed.key));
  decipher.setAuthTag(data.subarray(data.length - tagLength));
  try {
    const text = Buffer.concat([decipher.update(data.subarray(0, data.length - tagLength)), decipher.final()]);
    return SecretRecord.safeParse(JSON.parse(text.toString('utf8'))).data;
  } catch {
    return undefined; // The tag does not fit: the error of Node says no more than that.
  }
}
