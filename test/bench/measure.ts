/** Paired measurements: the floor and ours take turns in one process, so that a noisy machine hits both. Only ratios mean anything. */

export interface Contestant {
  readonly name: string;
  /** Does the work once; returns microseconds per unit. */
  run(): Promise<number> | number;
}

export interface Figures {
  readonly name: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export const microseconds = (): number => Number(process.hrtime.bigint()) / 1e3;

/** Times `work` and divides by `units`. */
export async function per(units: number, work: () => Promise<unknown>): Promise<number> {
  const begin = microseconds();
  await work();
  return (microseconds() - begin) / units;
}

/** Microseconds per unit when so many are under way at any moment: each that ends makes room for the next. */
export function inFlight(units: number, width: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < units; index = next++) await work(index);
  };
  return per(units, () => Promise.all(Array.from({ length: width }, lane)));
}

/** One after the other, and a hundred at a time; the first of these takes fewer, as they take longer. */
export const flights = (many: number): { times: number; width: number }[] => [
  { times: Math.ceil(many / 5), width: 1 },
  { times: many, width: 100 },
];

/** `share` of them are no larger. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The contestants alternate for so many rounds (after one to warm up); each is given with its ratio to the first, taken round by round. */
export async function compare(title: string, contestants: readonly Contestant[], rounds = 7): Promise<Figures[]> {
  const times = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { run }] of contestants.entries()) {
      const time = await run();
      if (round > 0) times[index]!.push(time);
    }
  }
  const figures = contestants.map(({ name }, index) => {
    const ratios = times[index]!.map((time, round) => time / times[0]![round]!);
    return {
      name,
      median: median(times[index]!),
      ratio: median(ratios),
      low: Math.min(...ratios),
      high: Math.max(...ratios),
    };
  });
  console.log(`\n${title} (${rounds} rounds)`);
  for (const { name, median: time, ratio, low, high } of figures) {
    console.log(
      `  ${name.padEnd(34)} ${time.toFixed(1).padStart(9)} µs   ${ratio.toFixed(2).padStart(7)}×   (${low.toFixed(2)} – ${high.toFixed(2)})`,
    );
  }
  return figures.map(({ name, ratio, low, high }) => ({ name, median: ratio, low, high }));
}
