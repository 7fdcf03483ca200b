/** Two values, line by line: what was expected behind `-`, what came behind `+`, and a few lines around each. */

/** Lines that stand around a difference. */
const around = 2;
/** Values longer than this are compared from their first differing line on, without looking for the shortest way. */
const longest = 2_000;

/** Empty when both say the same. Values that are no text are shown as JSON with sorted keys. */
export function difference(expected: unknown, came: unknown): string {
  const [before, after] = [linesOf(expected), linesOf(came)];
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

/** The order of keys means nothing in JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** By the longest common subsequence. */
function fine(before: readonly string[], after: readonly string[]): Line[] {
  const common = before.map(() => new Uint32Array(after.length + 1));
  common.push(new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i]![j] =
        before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      lines.push({ sign: ' ', line: before[i++]! });
      j++;
    } else if (j >= after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!))
      lines.push({ sign: '-', line: before[i++]! });
    else lines.push({ sign: '+', line: after[j++]! });
  }
  return lines;
}

/** What both begin and end with is the same; all between them differs. */
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
