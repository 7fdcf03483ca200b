/** The name of an incarnation: its owner as the engine calls it, and what no other start of a process has. */

/** A name that was never given. `id`: unique on this machine and others. */
export const incarnationName = (owner: string, id: string): string => `${owner}~${id}`;

/** The owner in such a name. */
export const ownerOf = (incarnation: string): string => incarnation.slice(0, incarnation.lastIndexOf('~'));
