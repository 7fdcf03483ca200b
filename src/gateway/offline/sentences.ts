/** Finds what is worth saying in Markdown: whole sentences, with the line each begins on, weighed by how much they are about. */

export interface Sentence {
  readonly text: string;
  readonly line: number;
  readonly score: number;
}

export interface Digest {
  /** The first heading, which says what a file is about. */
  readonly heading: { readonly text: string; readonly line: number } | undefined;
  /** Best first. */
  readonly sentences: readonly Sentence[];
}

const shortest = 40;
const longest = 240;
const common = new Set(
  'a an and are as at be but by can for from has have if in into is it its not of on or that the their then there they this to was what when which who will with you your'.split(
    ' ',
  ),
);

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .match(/[a-z][a-z'-]{2,}/g)
    ?.filter((word) => !common.has(word)) ?? [];

/** How often each word is used, over all that was read. */
export function frequencies(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of texts.flatMap(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export function digest(markdown: string, weights: ReadonlyMap<string, number>): Digest {
  const heading = markdown
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .find(({ text }) => /^#{1,3}\s+\S/.test(text));
  const sentences = paragraphs(markdown)
    .flatMap(sentencesIn)
    .map(({ text, line }) => ({ text, line, score: scoreOf(text, weights) - line / 400 }))
    .sort((a, b) => b.score - a.score || a.line - b.line);
  return { heading: heading && { text: plain(heading.text.replace(/^#+\s+/, '')), line: heading.line }, sentences };
}

/** Words that come up often count more, each only once; a long sentence is not better for being long. */
function scoreOf(text: string, weights: ReadonlyMap<string, number>): number {
  const own = new Set(words(text));
  const weight = [...own].reduce((sum, word) => sum + Math.log(1 + (weights.get(word) ?? 0)), 0);
  return own.size === 0 ? 0 : weight / Math.sqrt(own.size + 6);
}

interface Line {
  readonly text: string;
  readonly line: number;
}

/** Runs of plain lines: headings, tables, code, quotes of code and lists of links hold no sentences. A list item is a run of its own. */
function paragraphs(markdown: string): Line[][] {
  const runs: Line[][] = [];
  let run: Line[] = [];
  let fenced = false;
  const end = () => {
    if (run.length > 0) runs.push(run);
    run = [];
  };
  markdown.split('\n').forEach((text, index) => {
    if (/^\s*(```|~~~)/.test(text)) fenced = !fenced;
    const skipped =
      fenced || /^\s*(```|~~~|#|\||<|!\[|\[!)/.test(text) || text.trim() === '' || /^[-=*_\s]+$/.test(text);
    if (skipped) return end();
    if (/^\s*([-*+]|\d+[.)])\s+/.test(text)) end();
    run.push({ text, line: index + 1 });
  });
  end();
  return runs;
}

/** Sentences may run over lines; each is placed where it begins. */
function sentencesIn(run: readonly Line[]): Line[] {
  const found: Line[] = [];
  let text = '';
  let line = 0;
  for (const piece of run) {
    for (const part of piece.text
      .trim()
      .replace(/^([-*+>]|\d+[.)])\s+/, '')
      .split(/(?<=[.!?])\s+(?=[A-Z"`*])/)) {
      if (text === '') line = piece.line;
      text = text === '' ? part : `${text} ${part}`;
      if (!/[.!?]["')*`]*$/.test(part)) continue;
      found.push({ text: plain(text), line });
      text = '';
    }
  }
  // What does not end as a sentence does is a fragment.
  return found.filter(
    (sentence) =>
      sentence.text.length >= shortest &&
      sentence.text.length <= longest &&
      /^["'(]?[A-Z][a-z]* [a-z]/.test(sentence.text),
  );
}

/** Without the marks: links keep their words, emphasis and code theirs. */
const plain = (text: string): string =>
  text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|`/g, '')
    .replace(/(^|\s)[*_](\S)/g, '$1$2')
    .replace(/(\S)[*_](?=[\s.,;:]|$)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
