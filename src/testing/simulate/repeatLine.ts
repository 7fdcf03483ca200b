/** The line that repeats a failure: a command where the scenario is in a file, otherwise a call. */
import { everyFault } from '../world/faultPlan.ts';
import type { SimulateOptions } from './options.ts';
import type { SeedFaults } from './seed.ts';

/** Which seed is repeated, with which faults. */
export interface RepeatedSeed extends SeedFaults {
  readonly seed: number;
}

/** A command line cannot plant defects, nor share a log: then it is a call. */
export function repeatLine(options: SimulateOptions, seed: RepeatedSeed): string {
  const { name, journal, transport, shared } = options;
  const isCommand = name !== undefined && journal === undefined && transport === undefined && shared === undefined;
  return isCommand ? commandLine(name, options, seed) : callText(options, seed);
}

function commandLine(
  name: string,
  { until, flags = [] }: SimulateOptions,
  { seed, kinds, only }: RepeatedSeed,
): string {
  return [
    'troupe simulate',
    shellWord(name),
    ...flags.map(shellWord),
    `--seed ${seed}`,
    ...(isEveryFault(kinds) ? [] : [`--faults ${kinds.join(',') || 'none'}`]),
    ...(only ? [`--only ${rangesOf(only)}`] : []),
    ...(until === undefined ? [] : [`--until ${until}`]),
  ].join(' ');
}

function callText(
  { until, journal, transport, shared, atRest }: SimulateOptions,
  { seed, kinds, only }: RepeatedSeed,
): string {
  return `simulate(…, { ${[
    `seed: ${seed}`,
    'seeds: 1',
    ...(isEveryFault(kinds) ? [] : [`faults: [${kinds.map((kind) => `'${kind}'`).join(', ')}]`]),
    ...(only ? [`only: [${[...only].join(', ')}]`] : []),
    ...(until === undefined ? [] : [`until: ${until}`]),
    // The same as in the call that failed.
    ...(shared === undefined ? [] : [typeof shared === 'boolean' ? `shared: ${shared}` : 'shared']),
    ...(atRest === undefined ? [] : [`atRest: ${atRest}`]),
    ...(journal ? ['journal'] : []),
    ...(transport ? ['transport'] : []),
  ].join(', ')} })`;
}

/** `3,17-20` */
function rangesOf(numbers: ReadonlySet<number>): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of [...numbers].toSorted((a, b) => a - b)) {
    const latest = ranges.at(-1);
    if (latest?.[1] === number - 1) latest[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

const isEveryFault = (kinds: readonly string[]) => everyFault.every((kind) => kinds.includes(kind));

/** A word as a shell takes it; only what needs quotes has them. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
