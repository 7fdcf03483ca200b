/** When a cron expression is due, by croner: the only file that knows it. */
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';

/** The due times of an expression. All times are milliseconds since the epoch. */
export interface DueTimes {
  /** The first one after a time; undefined when there is none. */
  after(time: number): number | undefined;
  /** The last one at or before a time; undefined when there is none. */
  atOrBefore(time: number): number | undefined;
}

/**
 * Reads an expression of five fields, or of six with seconds first, in a time zone. Rejects with `invalid` when either is wrong.
 * A time of day that the clocks skip is due when they have been put forward; one that comes twice is due once. `*` and steps in the hours follow the real time.
 */
export async function dueTimes(cron: string, timezone: string): Promise<DueTimes> {
  const { Cron } = await loadOptional('croner', 'A schedule needs', () => import('croner'));
  requireTimezone(timezone);
  try {
    // It would take a date, too.
    if (!/^@\w+$|^\S+(?:\s+\S+){4,5}$/.test(cron.trim())) throw new Error('it has another number of fields');
    const expression = new Cron(cron, { timezone, mode: '5-or-6-parts', paused: true });
    const first = expression.nextRun(new Date(0));
    if (first === null) throw new Error('it is never due');
    return {
      after: (time) => expression.nextRun(new Date(time))?.getTime(),
      // A reference is not included itself.
      atOrBefore: (time) =>
        expression.previousRuns(1, new Date(Math.floor(time / 1_000) * 1_000 + 1_000))[0]?.getTime(),
    };
  } catch (cause) {
    throw new TroupeError(
      'invalid',
      `--cron is five fields, minute hour day month weekday, such as '0 9 * * 1-5'; ${JSON.stringify(cron)} is not: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

function requireTimezone(timezone: string): void {
  try {
    Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch (cause) {
    throw new TroupeError(
      'invalid',
      `--timezone is the name of a time zone, such as Europe/Berlin or UTC; there is none named ${JSON.stringify(timezone)}.`,
      { cause },
    );
  }
}
