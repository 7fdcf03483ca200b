/**
 * Calls code from where nothing could catch what it throws: a callback of another library, a timer, an event of Node. An error there ends the process,
 * or whatever called: a NATS connection that stops reading, a timer that is not set again.
 *
 * CT1 What `contain` calls never throws to its caller, and a promise that it returns never stays unhandled.
 * CT2 The first error of each place is told, as a warning of the process; the next call is made as if nothing had happened.
 */
import { reasonOf } from './cause.ts';

/** Places whose error was told. What any client of a server can cause must not fill a log. */
const told = new Set<string>();
const mostTold = 1_000;
/** Characters of a reason; text of the other side may be in it. */
const longestReason = 300;

/** Calls it, and waits for nothing. `what` names the place, as the beginning of a sentence: "A message on troupe.default". */
export function contain<Args extends unknown[]>(
  what: string,
  call: ((...args: Args) => unknown) | undefined,
  ...args: Args
): void {
  try {
    const result = call?.(...args);
    if (result instanceof Promise) result.catch((thrown: unknown) => tell(what, thrown));
  } catch (thrown) {
    tell(what, thrown);
  }
}

function tell(what: string, thrown: unknown): void {
  if (told.has(what) || told.size >= mostTold) return;
  told.add(what);
  const reason = reasonOf(thrown)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, longestReason);
  // Through `globalThis`: a page in a browser has no process, and nobody to tell.
  (globalThis as { process?: { emitWarning?(text: string, type: string): void } }).process?.emitWarning?.(
    `${what} could not be handled: ${reason}. What comes next is handled as usual; this is said once.`,
    'TroupeWarning',
  );
}
