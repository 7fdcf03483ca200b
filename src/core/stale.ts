/** The one check that E3 rests on, alone in its file so that a test can replace it. */
import type { Incoming } from './incoming.ts';

/** Is this the end of something the actor no longer waits for: an effect it stopped, a timer it cancelled, a child it stopped? (E3) */
export const isStale = ({ settles }: Incoming, isPending: (key: string) => boolean): boolean =>
  settles !== undefined && !isPending(settles);
