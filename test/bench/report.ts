/** What a measured row says: for each figure the median and the spread of every contestant, its ratio to the floor, and whether the goals are met. */
import { figures, median } from './figures.ts';
import type { Samples } from './processes.ts';
import type { Column, Goal, Row } from './row.ts';

export interface Line {
  readonly name: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** To the floor of the same round: median, lowest, highest. */
  readonly ratio: readonly [number, number, number];
}

export interface Judged {
  readonly goal: string;
  readonly result: number;
  readonly met: boolean;
}

export interface Reported {
  readonly row: string;
  readonly title: string;
  readonly figure: string;
  readonly lines: readonly Line[];
  readonly goals: readonly Judged[];
  /** Contestants that this build does not have, or that could not be measured on this system. */
  readonly missing: readonly string[];
}

export const report = (row: Row, samples: Samples): Reported[] =>
  row.columns.map((column) => reported(row, column, samples));

function reported(row: Row, { figure, goals = [] }: Column, samples: Samples): Reported {
  const { label, value } = figures[figure];
  const values = new Map<string, number[]>();
  for (const [
    {
      name,
      contestant: { times = 1 },
    },
    taken,
  ] of samples) {
    const all = taken?.map((sample) => value(sample, row.units * times)) ?? [];
    const known = all.filter((each) => each !== undefined);
    if (known.length > 0 && known.length === all.length) values.set(name, known);
  }
  const ratios = (of: readonly number[], against: readonly number[]) =>
    of.map((each, round) => each / (against[round] ?? Number.NaN));
  const floor = values.get(row.contestants[0]?.name ?? '');
  const lines = [...values].map(([name, all]): Line => {
    const to = ratios(all, floor ?? []);
    return {
      name,
      median: median(all),
      low: Math.min(...all),
      high: Math.max(...all),
      ratio: [median(to), Math.min(...to), Math.max(...to)],
    };
  });
  const judged = goals.flatMap((goal): Judged[] => {
    const of = values.get(goal.of);
    const against = goal.against === undefined ? undefined : values.get(goal.against);
    if (!of || (goal.against !== undefined && !against)) return [];
    const result = median(against ? ratios(of, against) : of);
    return [{ goal: goalText(goal), result, met: isMet(goal, result) }];
  });
  const missing = [...samples.keys()].map(({ name }) => name).filter((name) => !values.has(name));
  return { row: row.name, title: row.title, figure: label(row.unit), lines, goals: judged, missing };
}

const isMet = ({ atMost = Infinity, atLeast = -Infinity }: Goal, result: number) =>
  result <= atMost && result >= atLeast;

const goalText = ({ of, against, atMost, atLeast }: Goal): string =>
  `${of} ${atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`}${against === undefined ? '' : `× ${against}`}`;

/** Three digits, and no digit that says nothing. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.1 || size === 0 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

/** As it is printed. */
export function textOf({ figure, lines, goals, missing }: Reported): string {
  const printed = lines.map(
    ({ name, median: middle, low, high, ratio: [ratio, least, most] }) =>
      `    ${name.padEnd(36)} ${number(middle).padStart(9)}  ${`(${number(low)} – ${number(high)})`.padEnd(22)} ${number(ratio).padStart(8)}×  (${number(least)} – ${number(most)})`,
  );
  const judged = goals.map(
    ({ goal, result, met }) =>
      `      goal: ${goal.padEnd(46)} ${number(result).padStart(9)}  ${met ? 'met' : 'MISSED'}`,
  );
  return [`  ${figure}`, ...printed, ...missing.map((name) => `    ${name.padEnd(36)} not here`), ...judged].join('\n');
}
