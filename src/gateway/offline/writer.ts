/** Writes a text from facts, and checks a text against facts, by fixed rules. */
import type { Json, JsonObject } from '../../values/json.ts';
import { isList, numberField, textField } from './fields.ts';
import { isJsonObject } from '../../values/json.ts';
import type { Fact } from './researcher.ts';

const citation = /\[([^\s[\]]+):(\d+)\]/g;
const cite = ({ file, line }: Fact) => `[${file}:${line}]`;

/** A digest: a section for each file, every claim with its source. What the feedback names is left out. */
export function writeArticle(facts: readonly Fact[], feedback: string): { title: string; text: string } {
  const kept = facts.filter((fact) => !feedback.includes(`${fact.file}:${fact.line}`));
  const files = [...new Set(kept.map(({ file }) => file))];
  const sections = files.map((file) => {
    const claims = kept.filter((fact) => fact.file === file).map((fact) => `- ${fact.text} ${cite(fact)}`);
    return [`## ${titleOf(file)}`, '', ...claims].join('\n');
  });
  const [lead] = kept;
  const count = files.length === 1 ? 'one file' : `${files.length} files`;
  return {
    title: `What ${count} say`,
    text: [...(lead ? [`${lead.text} ${cite(lead)}`] : []), ...sections].join('\n\n'),
  };
}

/** `docs/decisions/0001-hosted-actors.md` is about "Hosted actors". */
function titleOf(file: string): string {
  const name = file
    .slice(file.lastIndexOf('/') + 1)
    .replace(/\.md$/i, '')
    .replace(/^\d+[-_]/, '')
    .replace(/[-_]+/g, ' ');
  return /^[A-Z]+$/.test(name)
    ? name.charAt(0) + name.slice(1).toLowerCase()
    : name.charAt(0).toUpperCase() + name.slice(1);
}

/** What is wrong with a text; empty when every claim cites a fact. */
export function checkArticle(text: string, facts: readonly Fact[]): string {
  const known = new Set(facts.map(({ file, line }) => `${file}:${line}`));
  const claims = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const bare = claims.filter((line) => ![...line.matchAll(citation)].length);
  const unknown = [...text.matchAll(citation)]
    .map(([, file, line]) => `${file}:${line}`)
    .filter((source) => !known.has(source));
  return [
    ...(unknown.length > 0 ? [`These cite no fact: ${[...new Set(unknown)].join(', ')}.`] : []),
    ...(bare.length > 0
      ? [`These claims have no source: ${bare.map((line) => JSON.stringify(line.slice(0, 60))).join(', ')}.`]
      : []),
    ...(claims.length === 0 ? ['The text says nothing.'] : []),
  ].join(' ');
}

/** The facts in a task; none when it has no list of them. */
export const factsInTask = ({ facts }: JsonObject): Fact[] => (isList(facts) ? facts.flatMap(factIn) : []);

const factIn = (value: Json): Fact[] =>
  isJsonObject(value)
    ? [
        {
          text: textField(value, 'text') ?? '',
          file: textField(value, 'file') ?? '',
          line: numberField(value, 'line') ?? 0,
        },
      ]
    : [];
