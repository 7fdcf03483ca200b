/** Reads a file with credentials: the seed of a user's key, or a `.creds` file of a NATS operator. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Authenticator } from '@nats-io/transport-node';
import { credsAuthenticator, nkeyAuthenticator, nkeys } from './client.ts';
import { TroupeError } from '../values/failure.ts';

/** What a connection needs of them. */
export interface Credentials {
  readonly authenticator: Authenticator;
  /** The subject prefix for answers to this key; undefined for a `.creds` file, whose permissions decide. */
  readonly inbox?: string;
}

const encoder = new TextEncoder();

/** Rejects with `auth` when the file cannot be read or holds no credentials. No error shows the content. */
export async function readCredentials(path: string): Promise<Credentials> {
  const content = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new TroupeError('auth', `The credentials ${path} cannot be read: ${cause.message}. Check --nats-creds.`, {
      cause,
    });
  });
  // Such credentials expire, and what renews them replaces the file: each connection takes what it has then.
  if (isCreds(content))
    return { authenticator: credsAuthenticator(() => encoder.encode(currentCreds(path) ?? content)) };
  const seed = seedIn(content);
  if (seed) return { authenticator: nkeyAuthenticator(encoder.encode(seed)), inbox: inboxPrefixOf(publicKeyOf(seed)) };
  throw new TroupeError(
    'auth',
    `${path} holds no credentials: expected a line with the seed of a user's key (SU…), as "troupe nats-config" writes it, or a .creds file.`,
  );
}

const isCreds = (content: string): boolean => content.includes('BEGIN NATS USER JWT');

/** Undefined while the file is away, or is being written. */
function currentCreds(path: string): string | undefined {
  try {
    const content = readFileSync(path, 'utf8');
    return isCreds(content) && seedIn(content) !== undefined ? content : undefined;
  } catch {
    return undefined;
  }
}

/** Every key has a subject prefix of its own for answers, so that no client can receive the answers to another. */
export const inboxPrefixOf = (publicKey: string): string => `_INBOX.${publicKey}`;

/** The seed in a file with other lines; undefined when there is none. */
export function seedIn(content: string): string | undefined {
  const lines = content.split('\n').map((line) => line.trim());
  return lines.find((line) => /^SU[A-Z2-7]{56}$/.test(line) && isSeed(line));
}

/** The public key of a seed. Throws when it is no seed. */
export const publicKeyOf = (seed: string): string => nkeys.fromSeed(encoder.encode(seed)).getPublicKey();

function isSeed(line: string): boolean {
  try {
    publicKeyOf(line);
    return true;
  } catch {
    return false;
  }
}
