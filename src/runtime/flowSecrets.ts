/** The secrets that checkpoints ask for, and a mask for what they store afterwards. */
import { dirname, resolve } from 'node:path';
import { processMask } from '../observe/processMask.ts';
import { secretMask } from '../observe/secretMask.ts';
import { openSecrets } from '../secrets/openSecrets.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import type { Clock } from '../values/clock.ts';

/** Where secrets are, when no store is given. */
export interface SecretsPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file of the journal, `memory`, or undefined for the default. */
  readonly db: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** Secrets for flows. */
export interface FlowSecrets {
  /** The values of a secret. Rejects with `invalid` when there is none of that name. */
  secret(name: string): Promise<Readonly<Record<string, string>>>;
  /** Masks every value that was given, in any text; undefined while none was given. */
  redactor(): ((text: string) => string) | undefined;
}

/** The secrets of a store; of the folder of the journal when none is given. It is opened when the first one is asked for. */
export function flowSecrets(
  given: Pick<SecretStore, 'get'> | undefined,
  { env, db, clock }: SecretsPlace,
): FlowSecrets {
  const mask = secretMask([]);
  const place = db ?? env['TROUPE_DB'] ?? 'memory';
  const folder = () => (place === 'memory' ? '.troupe' : dirname(resolve(place)));
  let store = given;
  let isAnyGiven = false;
  return {
    async secret(name) {
      store ??= openSecrets(env, folder(), { clock });
      const { values } = await store.get(name);
      // Stored texts are masked by what this runtime has given, shown ones by all that the process has read.
      mask.hide(Object.values(values));
      processMask.hide(Object.values(values));
      isAnyGiven = true;
      return values;
    },
    redactor: () => (isAnyGiven ? mask.redact : undefined),
  };
}
