/** A secret as a store keeps it, and what setting, reading and listing make of it: the same in every store. */
import * as z from 'zod';
import { TroupeError } from '../values/failure.ts';
import { nearestName } from '../values/options.ts';
import { requireFewKeys, requirePage, requireVisibility } from './accepted.ts';
import type { SecretListOptions, SecretPage, SecretSummary, SecretValues, SetSecretOptions } from './secretStore.ts';

/** What is kept of a secret, beside its name. */
export const SecretRecord = z.object({
  /** By key. */
  values: z.record(z.string(), z.string()),
  private: z.boolean(),
  /** Milliseconds since the epoch. */
  created: z.number(),
  /** Milliseconds since the epoch. */
  updated: z.number(),
});
export type SecretRecord = z.infer<typeof SecretRecord>;

/** The secret after it was set at `now`, in milliseconds since the epoch. Names and values were checked. Throws `conflict` for a private one that would become public. */
export function recordAfterSet(
  name: string,
  before: SecretRecord | undefined,
  values: SecretValues,
  options: SetSecretOptions,
  now: number,
): SecretRecord {
  requireVisibility(options);
  if (before?.private === true && options.private === false)
    // SC2: who may set secrets, and not read them, would otherwise make this one readable.
    throw new TroupeError(
      'conflict',
      `The secret "${name}" is private, and a private secret is never made public with the values that it has. Nothing was changed. Delete it and set it anew, or leave it private.`,
    );
  const merged = { ...before?.values, ...values };
  requireFewKeys(name, merged);
  return {
    values: merged,
    private: options.private ?? before?.private ?? true,
    created: before?.created ?? now,
    updated: now,
  };
}

/** What may be shown of it. */
export const summaryOf = (
  name: string,
  { values, private: isPrivate, created, updated }: SecretRecord,
): SecretSummary => ({
  name,
  keys: Object.keys(values).sort(),
  private: isPrivate,
  created,
  updated,
});

/** One page of all summaries. Throws `invalid` for a page that there cannot be. */
export function pageOf(summaries: readonly SecretSummary[], options: SecretListOptions): SecretPage {
  const { page, size } = requirePage(options);
  const sorted = summaries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { secrets: sorted.slice((page - 1) * size, page * size), total: sorted.length, page, size };
}

/** The error for a secret that there is not. */
export function missingSecret(name: string, known: readonly string[]): TroupeError {
  const meant = nearestName(name, known);
  const hint =
    meant !== undefined ? `Did you mean "${meant}"?` : `Set it with: troupe secrets set ${name} --value API_KEY`;
  return new TroupeError('unknown_recipient', `There is no secret "${name}". ${hint}`, { data: { secret: name } });
}
