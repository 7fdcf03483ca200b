/** Refuses inputs that are stored for later and hold a secret: they can be read by everyone who can read their folder. */
import { secretsInEnv } from '../observe/envSecrets.ts';
import type { Json } from '../values/json.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** Throws `UsageError` for a value that contains that of a secret variable of the environment. */
export function requireNoSecret({ env }: Pick<Cli, 'env'>, stored: Json): void {
  const text = JSON.stringify(stored);
  if (secretsInEnv(env).some((secret) => text.includes(JSON.stringify(secret).slice(1, -1))))
    throw new UsageError(
      'The input holds the value of a secret variable of the environment, and would be stored as it is. Leave it out, and let the code read the variable.',
    );
}
