/** Compares two values line by line: `-` marks what was expected, `+` what was received, with a few unchanged lines around each. */

/** Unchanged lines shown before and after a difference. */
const around = 2;
/** Values with more lines than this are compared without searching for the shortest difference. */
const longest = 2_000;

/** The difference as text; empty when both are equal. Values that are not strings are shown as JSON with sorted keys. */
export function difference(expected: unknown, received: unknown): string {
  const [before, after] = [linesOf(expected), linesOf(received)];
  const lines = before.length + after.length > longest ? coarse(before, after) : fine(before, after);
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ sign }) => sign !== ' '),
  );
  return lines
    .flatMap(({ sign, line }, at) => {
      if (near[at]) return [`${sign} ${line}`];
      return near[at - 1] || (at === 0 && near.includes(true)) ? ['  …'] : [];
    })
    .join('\n');
}

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

const linesOf = (value: unknown): string[] =>
  (typeof value === 'string' ? value : (JSON.stringify(sorted(value), null, 2) ?? String(value))).split('\n');

/** The order of keys has no meaning in JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** By the longest common subsequence: `common(i, j)` is its length for what is left from line `i` and line `j` on. */
function fine(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const common = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        before[i] === after[j] ? common(i + 1, j + 1) + 1 : Math.max(common(i + 1, j), common(i, j + 1));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [old, fresh] = [before[i], after[j]];
    if (old === undefined && fresh === undefined) return lines;
    if (old !== undefined && old === fresh) {
      lines.push({ sign: ' ', line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ sign: '-', line: old });
      i++;
    } else if (fresh !== undefined) {
      lines.push({ sign: '+', line: fresh });
      j++;
    }
  }
}

/** Lines that both begin or end with are unchanged; everything between them is shown as replaced. */
function coarse(before: readonly string[], after: readonly string[]): Line[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const as = (sign: Line['sign'], lines: readonly string[]) => lines.map((line) => ({ sign, line }));
  return [
    ...as(' ', before.slice(0, head)),
    ...as('-', before.slice(head, before.length - tail)),
    ...as('+', after.slice(head, after.length - tail)),
    ...as(' ', before.slice(before.length - tail)),
  ];
}
