/** What a check may be told, and what it makes of it. */
import { milliseconds, type Duration } from '../../contracts/duration.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { faultsOf, type Faults } from './faults.ts';
import type { Limits } from './explore.ts';
import { slow } from '../slow.ts';

/** How long is looked where nothing is said; milliseconds. */
const aMinute = 60_000 * slow;

export interface CheckOptions {
  /** How often each fault may happen in one run of things; once each unless told otherwise, 0 for never. */
  readonly faults?: Partial<Faults>;
  /** Situations to look at before it stops; 50,000 unless told otherwise. */
  readonly maxStates?: number;
  /** Events in a row; no bound unless told otherwise. */
  readonly maxDepth?: number;
  /** How long to look; one minute unless told otherwise (times TROUPE_SLOW, where that is set). */
  readonly within?: Duration;
  /** What it is started with. A team's is made up from its schema unless told otherwise; a machine's is `null`. */
  readonly input?: unknown;
  /**
   * Bodies of messages, and answers of effects, by their name. An Error among the answers of an effect is a way it may fail;
   * one that is `transient` is tried where none is given.
   */
  readonly samples?: Readonly<Record<string, readonly unknown[]>>;
  /** What of a machine's context decides what happens next, by the machine's id. Small values of everything unless told otherwise. */
  readonly context?: Readonly<Record<string, (context: never) => Json>>;
  /** Messages from outside that only steer, such as `cancel`: whoever needs one to get on is stuck. Unless told otherwise those that end in cancel, abort, stop or pause. */
  readonly steers?: readonly string[];
  /** Called now and then with how many situations were seen and are still to be looked at. */
  readonly progress?: (states: number, open: number) => void;
}

export interface Settings extends Omit<CheckOptions, 'faults' | 'maxStates' | 'maxDepth' | 'within'> {
  readonly faults: Faults;
  readonly limits: Limits;
}

/** Throws `invalid` or, for a duration, `definition`. */
export function settingsOf(options: CheckOptions): Settings {
  const { faults, maxStates = 50_000, maxDepth = Infinity, within, ...rest } = options;
  for (const [name, value] of Object.entries({ maxStates, maxDepth })) {
    if (value !== Infinity && !(Number.isInteger(value) && value >= 1))
      throw new TroupeError('invalid', `${name} is a whole number, 1 or more; got ${JSON.stringify(value)}.`);
  }
  for (const [name, list] of Object.entries(rest.samples ?? {})) {
    if (!Array.isArray(list) || list.length === 0)
      throw new TroupeError('invalid', `The samples of "${name}" are a list of at least one.`);
  }
  return {
    ...rest,
    faults: faultsOf(faults),
    limits: { states: maxStates, depth: maxDepth, time: within === undefined ? aMinute : milliseconds(within) },
  };
}

export const isSteering = ({ steers }: Pick<Settings, 'steers'>) =>
  steers
    ? (type: string) => steers.includes(type)
    : (type: string) => /(?:^|\.)(?:cancel|abort|stop|pause)$/.test(type);
