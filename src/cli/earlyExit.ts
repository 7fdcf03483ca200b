/** A process that ends before its command has is never a success: a tool may call `process.exit()`, or nothing may be left to wait for. */
import { writeSync } from 'node:fs';

/** What is said, and the exit code, when the process ends now. */
export interface EarlyExit {
  says(how: {
    /** The exit code that the process was given. */
    code: number;
    /** Was nothing left that could happen? Otherwise something called `process.exit()`. */
    ranDry: boolean;
  }): string;
  /** The code instead of 0; a failure that the process itself gave stays. */
  readonly code: number;
}

/** Written here, because `troupe --version` loads nothing else. */
const failed = 1;

const open: EarlyExit[] = [
  { says: () => 'The process ended before the command had, so there is no result.', code: failed },
];
let isExpected = false;
let hasWorked = false;

/** Node's exit code when nothing is left to do and a top-level await has not settled. */
const unsettled = 13;

/** Until the result is disposed, this is said when the process ends. */
export function untilEnd(early: EarlyExit): Disposable {
  open.push(early);
  hasWorked = true;
  return { [Symbol.dispose]: () => void open.splice(open.indexOf(early), 1) };
}

/** Does the command do more than to show something? Then it goes on when nobody reads its output any more, and ends with a code of its own. */
export const goesOnUnread = (): boolean => hasWorked;

/** The command has ended, or is ended on purpose: the next exit is its own. */
export const expectExit = (): void => void (isExpected = true);

/** Calls on the exit of this process what `untilEnd` has last been given. */
export function watchExit(): void {
  let ranDry = false;
  process
    .once('beforeExit', () => (ranDry = true))
    .once('exit', (code) => {
      if (isExpected) return;
      const early = open.at(-1);
      try {
        // Streams are no longer flushed here.
        if (early) writeSync(process.stderr.fd, `${early.says({ code, ranDry })}\n`);
      } catch {
        // Nobody reads it any more. The exit code below still says it.
      }
      if (code === 0 || code === unsettled) process.exitCode = early?.code ?? failed;
    });
}
