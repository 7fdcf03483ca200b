/** The text format of Prometheus, version 0.0.4: what a scrape of `/metrics` gets. */

/** One line: the value of a metric for these labels. */
export interface MetricSample {
  /** `_bucket`, `_sum` or `_count` of a histogram; nothing by default. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** By name of the label; none by default. */
  readonly labels?: Readonly<Record<string, string>>;
  /** In the unit of the metric. */
  readonly value: number;
}

/** A metric with all its samples. */
export interface Metric {
  /** `troupe_…`, with its unit, and `_total` for a counter. */
  readonly name: string;
  /** What it says, in a sentence. */
  readonly help: string;
  /** `counter`: it only rises, and begins at zero with the process. `gauge`: how it stands now. `histogram`: how values are distributed. */
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One for each combination of labels; none when there is nothing to say. */
  readonly samples: readonly MetricSample[];
}

/** The `Content-Type` of the text. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The text of these metrics. Metrics without a sample are left out. `redact` masks secrets in the values of labels. */
export function metricsText(metrics: readonly Metric[], redact: (text: string) => string = (text) => text): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(
        ({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsText(labels, redact)} ${valueText(value)}\n`,
      );
      return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

/** A gauge with one sample. */
export const gauge = (
  name: string,
  help: string,
  value: number,
  labels?: Readonly<Record<string, string>>,
): Metric => ({
  name,
  help,
  type: 'gauge',
  samples: [{ value, ...(labels ? { labels } : {}) }],
});

function labelsText(labels: Readonly<Record<string, string>>, redact: (text: string) => string): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(redact(value))}"`);
  return all.length === 0 ? '' : `{${all.join(',')}}`;
}

const escaped = (value: string): string =>
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
