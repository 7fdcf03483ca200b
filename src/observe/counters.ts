/** Counters and histograms of a process, with a bounded number of label values: names come from definitions, and there may be many. */
import type { Metric } from './metricsText.ts';

/** The most combinations of label values of one metric; what comes later is counted under `other`. */
const maxSeries = 100;

/** A counter for each combination of label values. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = Object.values(labels).join('\0');
    const known = this.#series.get(key);
    if (known) known.value += by;
    else if (this.#series.size < maxSeries || isOther(labels)) this.#series.set(key, { labels, value: by });
    else this.add(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])), by);
  }

  get metric(): Metric {
    return { name: this.#name, help: this.#help, type: 'counter', samples: [...this.#series.values()] };
  }
}

const isOther = (labels: Readonly<Record<string, string>>): boolean =>
  Object.values(labels).every((value) => value === 'other');

/** How durations are distributed, for each value of one label. */
export class DurationHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #label: string;
  /** Upper bounds of the buckets in seconds, ascending. */
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly counts: number[]; sum: number; count: number }>();

  constructor(name: string, help: string, label: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#label = label;
    this.#bounds = bounds;
  }

  /** `value`: of the label, one of a few that are fixed. */
  observe(value: string, seconds: number): void {
    const series = this.#series.get(value) ?? { counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
    this.#series.set(value, series);
    series.sum += seconds;
    series.count++;
    this.#bounds.forEach((bound, n) => {
      if (seconds <= bound) series.counts[n] = (series.counts[n] ?? 0) + 1;
    });
  }

  get metric(): Metric {
    const samples = [...this.#series].flatMap(([value, { counts, sum, count }]) => {
      const labels = { [this.#label]: value };
      return [
        ...this.#bounds.map((bound, n) => ({
          suffix: '_bucket' as const,
          labels: { ...labels, le: String(bound) },
          value: counts[n] ?? 0,
        })),
        { suffix: '_bucket' as const, labels: { ...labels, le: '+Inf' }, value: count },
        { suffix: '_sum' as const, labels, value: sum },
        { suffix: '_count' as const, labels, value: count },
      ];
    });
    return { name: this.#name, help: this.#help, type: 'histogram', samples };
  }
}
