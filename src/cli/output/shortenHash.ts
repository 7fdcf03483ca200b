/** A hash as people read it in a table. */

/** The first 10 digits. */
export const shortenHash = (hash: string): string => hash.slice(0, 10);
