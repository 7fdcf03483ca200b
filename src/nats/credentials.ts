/** Who this process is to the server: a file with the seed of a key, or one that an operator of NATS made (`.creds`). */
import { readFile } from 'node:fs/promises';
import { credsAuthenticator, nkeyAuthenticator, nkeys, type Authenticator } from '@nats-io/transport-node';
import { TroupeError } from '../contracts/failure.ts';

export interface Credentials {
  readonly authenticator: Authenticator;
  /** Where answers to this process arrive; undefined where the file does not say whose key it is. */
  readonly inbox?: string;
}

const text = new TextEncoder();

/** Rejects with `auth` when the file cannot be read or holds no credentials; what is in it is never said. */
export async function credentialsIn(path: string): Promise<Credentials> {
  const content = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new TroupeError('auth', `The credentials ${path} cannot be read: ${cause.message}. Check --nats-creds.`, {
      cause,
    });
  });
  if (content.includes('BEGIN NATS USER JWT')) return { authenticator: credsAuthenticator(text.encode(content)) };
  const seed = seedIn(content);
  if (seed) return { authenticator: nkeyAuthenticator(text.encode(seed)), inbox: inboxOf(publicKeyOf(seed)) };
  throw new TroupeError(
    'auth',
    `${path} holds no credentials: expected a line with the seed of a user's key (SU…), as "troupe nats-config" writes it, or a .creds file.`,
  );
}

/** Every key has an inbox of its own: who may hear one answer may not hear another's. */
export const inboxOf = (publicKey: string): string => `_INBOX.${publicKey}`;

/** The seed in a file; other lines are for people. Undefined when none is one. */
export function seedIn(content: string): string | undefined {
  const lines = content.split('\n').map((line) => line.trim());
  return lines.find((line) => /^SU[A-Z2-7]{56}$/.test(line) && isSeed(line));
}

export const publicKeyOf = (seed: string): string => nkeys.fromSeed(text.encode(seed)).getPublicKey();

function isSeed(line: string): boolean {
  try {
    publicKeyOf(line);
    return true;
  } catch {
    return false;
  }
}
