/** Paired measurements: the floor and the product alternate in one process, so that load on the machine affects both. Only the ratios are meaningful. */

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

/** The value that `share` (0 to 1) of the values do not exceed. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The contestants alternate for `rounds` rounds, after one to warm up. Gives each with its ratio to the first, computed per round. */
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

export interface SizedContestant {
  readonly name: string;
  /** Does `count` units of work, and calls `tick` for each. */
  run(count: number, tick: () => void): Promise<unknown>;
}

/**
 * The contestants at several sizes: each with its ratio to the first at that size, how much processor time a unit took and how much dearer
 * that is than at the smallest size (processor time depends least on other load), and, with --expose-gc, the largest growth of live memory in bytes
 * (sampled ten times, in a separate pass).
 */
export async function atSizes(
  title: string,
  sizes: readonly number[],
  contestants: readonly SizedContestant[],
): Promise<void> {
  console.log(`\n${title}`);
  for (const { run } of contestants) await run(sizes[0]!, () => {}); // To warm up.
  const smallest = new Map<string, number>();
  for (const size of sizes) {
    let floor = 0;
    for (const { name, run } of contestants) {
      const before = process.cpuUsage();
      const time = await per(size, () => run(size, () => {}));
      const { user, system } = process.cpuUsage(before);
      const busy = (user + system) / size;
      floor ||= time;
      if (!smallest.has(name)) smallest.set(name, busy);
      const kept = await peakMemory(size, (tick) => run(size, tick));
      console.log(
        `  ${String(size).padStart(6)}  ${name.padEnd(34)} ${time.toFixed(1).padStart(9)} µs   ${(time / floor).toFixed(2).padStart(7)}×   ` +
          `${busy.toFixed(1).padStart(9)} µs busy, ${(busy / smallest.get(name)!).toFixed(2)}× the smallest size` +
          (kept === undefined ? '' : `   ${(kept / 1e6).toFixed(1)} MB alive`),
      );
    }
  }
}

async function peakMemory(size: number, work: (tick: () => void) => Promise<unknown>): Promise<number | undefined> {
  const { gc } = globalThis;
  if (!gc) return undefined;
  const liveMemory = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = liveMemory();
  let [done, most] = [0, before];
  await work(() => {
    if (++done % Math.floor(size / 10) === 0) most = Math.max(most, liveMemory());
  });
  return most - before;
}
