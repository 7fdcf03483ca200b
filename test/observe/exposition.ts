/** Reads the text format of Prometheus 0.0.4 as its specification has it, and refuses whatever a scraper would: written apart from the code that writes it. */

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** By name. Throws for a line that is not in the format, a family that comes twice or without its type, a sample that is there twice, a histogram that is none. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const families = new Map<string, { type: string; help: string; samples: ReadSample[] }>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment) {
      const [, word, name = '', rest = ''] = comment;
      const known = families.get(name);
      if (known && (name !== current || known.samples.length > 0)) throw new Error(`${name} comes twice: ${line}`);
      const family = known ?? { type: '', help: '', samples: [] };
      families.set(name, family);
      current = name;
      if (word === 'HELP') family.help = rest;
      else if (/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) family.type = rest;
      else throw new Error(`${rest} is no type: ${line}`);
      continue;
    }
    const family = families.get(current);
    const sample = readSample(line);
    if (!family || family.type === '') throw new Error(`A sample without a type before it: ${line}`);
    const allowed = (suffixes[family.type] ?? ['']).map((suffix) => current + suffix);
    if (!allowed.includes(sample.name)) throw new Error(`${sample.name} is not of ${current}: ${line}`);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
    if (seen.has(key)) throw new Error(`A sample comes twice: ${line}`);
    seen.add(key);
    if (family.type === 'counter' && !(sample.value >= 0)) throw new Error(`A counter below zero: ${line}`);
    family.samples.push(sample);
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') requireHistogram(name, samples);
  return families;
}

function readSample(line: string): ReadSample {
  let rest = line;
  const take = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) throw new Error(`Expected ${what} at "${rest}": ${line}`);
    rest = rest.slice(found.length);
    return found;
  };
  const name = take(metricName, 'a name');
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    take(/^\{/, '{');
    while (!rest.startsWith('}')) {
      const label = take(labelName, 'the name of a label');
      take(/^="/, '="');
      let value = '';
      while (!rest.startsWith('"')) value += unescaped(take(/^(?:\\[\\"n]|[^\\"\n])/u, 'a character'));
      take(/^"/, '"');
      if (label in labels || label.startsWith('__')) throw new Error(`The label ${label} may not be here: ${line}`);
      labels[label] = value;
      if (!rest.startsWith('}')) take(/^,/, ', or }');
    }
    take(/^\}/, '}');
  }
  take(/^ /, 'a space');
  const written = take(/^(?:[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Inf)|NaN)/, 'a number');
  if (rest !== '') throw new Error(`Something follows the value: ${line}`);
  return { name, labels, value: Number(written.replace('Inf', 'Infinity')) };
}

const unescaped = (character: string): string =>
  character === '\\n' ? '\n' : character.length > 1 && character.startsWith('\\') ? character.slice(1) : character;

/** Its buckets rise, the last one is +Inf and the count. */
function requireHistogram(name: string, samples: readonly ReadSample[]): void {
  const series = new Map<string, ReadSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const all of series.values()) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const values = buckets.map(({ value }) => value);
    const rises = (numbers: readonly number[]) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? NaN));
    const count = all.find((sample) => sample.name === `${name}_count`)?.value;
    if (!rises(bounds) || !rises(values) || bounds.at(-1) !== Infinity || values.at(-1) !== count)
      throw new Error(`${name} is no histogram.`);
  }
}
