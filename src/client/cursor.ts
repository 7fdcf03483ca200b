/** Where a page of a list ended, as a text that is passed back for the next one. */
import * as z from 'zod';
import { TroupeError } from '../values/failure.ts';

const Place = z.object({ updated: z.number(), actor: z.string() });

/** A place in a list of runs. */
export const writeCursor = ({ updated, actor }: z.infer<typeof Place>): string =>
  Buffer.from(JSON.stringify({ updated, actor })).toString('base64url');

/** Throws `invalid` for a text that is no cursor. */
export function readCursor(cursor: string): z.infer<typeof Place> {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new TroupeError(
      'invalid',
      'This is no cursor of a list: pass on the `next` of the page before, or leave it out.',
      {
        cause,
      },
    );
  }
}
