/** The options of a check, and the settings that they come to. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { faultsOf, type CheckFaults } from './faults.ts';
import type { NumberSamples } from './numbers.ts';
import type { ExplorationLimits } from './explore.ts';
import { slow } from '../slow.ts';

/** How long is explored by default, in milliseconds. */
const defaultTimeLimit = 60_000 * slow;

/** How far `check` explores, and what it cannot know by itself. */
export interface CheckOptions {
  /** How often each fault may happen in one trace, from 0 to 9; once each by default. */
  readonly faults?: Partial<CheckFaults>;
  /** Worlds after which it stops; 50,000 by default. */
  readonly maxStates?: number;
  /** Moves in a row after which it goes no further; no limit by default. */
  readonly maxDepth?: number;
  /** Time after which it stops; one minute by default, times TROUPE_SLOW where that is set. */
  readonly within?: Duration;
  /** The input of the run. By default it is made up from the schema of an agent or team; a machine's is `null`. */
  readonly input?: unknown;
  /**
   * Bodies of messages and outputs of effects, by the name of the message or effect; at least one each. An `Error` among the outputs is a
   * failure; without one, a `transient` failure is tried. By default bodies are made up from schemas, and an effect gives `null`.
   */
  readonly samples?: Readonly<Record<string, readonly unknown[]>>;
  /** What of a machine's context decides what happens next, by the id of the machine. By default an outline of the whole context. */
  readonly context?: Readonly<Record<string, (context: never) => Json>>;
  /** Types of messages that only interfere, such as `cancel`: a run that goes on only when one is sent is stuck. By default types that end in cancel, abort, stop or pause. */
  readonly steers?: readonly string[];
  /** Called from time to time with how many worlds were reached, and how many of them are not explored yet. */
  readonly progress?: (states: number, open: number) => void;
}

/** The options with every default filled in. */
export interface CheckSettings extends Omit<CheckOptions, 'faults' | 'maxStates' | 'maxDepth' | 'within'> {
  /** How often each fault may happen. */
  readonly faults: CheckFaults;
  /** The limits of the exploration. */
  readonly limits: ExplorationLimits;
  /** The values that are tried of ranges; the model adds those of its guards or its route. */
  readonly numbers: NumberSamples;
}

/** Fills in the defaults. Throws `invalid` for an option out of range, `definition` for a wrong duration. */
export function checkSettings(options: CheckOptions): CheckSettings {
  requireOptions('check', options, checkOptionNames);
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
    numbers: {
      landmarks: new Set(),
      texts: new Set(),
      lengths: new Set(),
      looksAtTexts: false,
      partial: new Set(),
      partialTexts: new Set(),
    },
    limits: {
      states: maxStates,
      depth: maxDepth,
      time: within === undefined ? defaultTimeLimit : milliseconds(within),
    },
  };
}

/** Tells whether a type of message only interferes. */
export const isSteering = ({ steers }: Pick<CheckSettings, 'steers'>) =>
  steers
    ? (type: string) => steers.includes(type)
    : (type: string) => /(?:^|\.)(?:cancel|abort|stop|pause)$/.test(type);

const checkOptionNames: OptionNames<CheckOptions> = {
  faults: true,
  maxStates: true,
  maxDepth: true,
  within: true,
  input: true,
  samples: true,
  context: true,
  steers: true,
  progress: true,
};
