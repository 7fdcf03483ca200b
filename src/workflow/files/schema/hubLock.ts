/** The schema of `ktsuhub.lock.yaml`: packages of workflows that were installed. Only their folders are used. */
import * as z from 'zod';
import { fields, maybe, text, words } from './fields.ts';

/** The schema of `ktsuhub.lock.yaml`. */
export const hubLockSchema = fields({
  entries: maybe(
    z.array(
      fields({
        name: maybe(text()),
        version: maybe(text()),
        source: maybe(text()),
        ref: maybe(text()),
        sha: maybe(text()),
        cache: words(),
        mutable: maybe(z.boolean()),
      }),
    ),
  ),
});
