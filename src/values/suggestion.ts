/** Suggests the name that was probably meant, for messages about unknown ones. */

/** ` Did you mean "retry"?`, or what there is: the end of a message about a name that is not known. */
export function suggestName(name: string, known: readonly string[]): string {
  const wanted = name.slice(0, 80).toLowerCase();
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3) || begins(wanted, candidate))
    .sort((a, b) => a.distance - b.distance);
  return nearest ? ` Did you mean "${nearest.candidate}"?` : ` There are: ${known.join(', ')}.`;
}

/** Names with the same beginning are another form of the same word: "retries" for "retry". */
const begins = (wanted: string, candidate: string): boolean =>
  candidate.length >= 4 && wanted.startsWith(candidate.toLowerCase().slice(0, 4));

/** How many letters have to be added, left out or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of a.split('').entries()) {
    let left = i + 1;
    row = row.map((above, j) => {
      if (j === 0) return left;
      left = Math.min((row[j - 1] ?? Infinity) + (letter === b[j - 1] ? 0 : 1), above + 1, left + 1);
      return left;
    });
  }
  return row.at(-1) ?? a.length;
}
