/** Compares secrets so that the time it takes says nothing about them. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Are the two texts the same? Both are hashed first: the comparison takes the same time whatever their lengths are. */
export const sameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The token of an `Authorization: Bearer` header; undefined when there is none. The word may be in any case, as RFC 9110 has it. */
export const bearerToken = (headers: Headers): string | undefined =>
  /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
