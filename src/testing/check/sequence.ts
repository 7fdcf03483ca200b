/** A trace as lines, and as a mermaid sequence diagram. */
import type { Told } from './explore.ts';

export interface Trace {
  readonly way: readonly Told[];
  readonly loop: readonly Told[];
}

export const lineOf = ({ cause, from, to, says }: Told): string =>
  `${isFault(cause) ? `[${cause}] ` : ''}${from === to ? from : `${from} → ${to}`}: ${says}`;

export const linesOf = ({ way, loop }: Trace): string[] => [
  ...way.map(lineOf),
  ...(loop.length > 0 ? ['and then, over and over:', ...loop.map((move) => `  ${lineOf(move)}`)] : []),
];

export function sequence({ way, loop }: Trace, ends: string): string {
  const all = [...way, ...loop];
  const names = [...new Set(all.flatMap(({ from, to }) => [from, to]))];
  const id = (name: string) => `p${names.indexOf(name)}`;
  const draw = (indent: string) => (move: Told) => {
    const { cause, from, to, says } = move;
    if (from === to) return `${indent}Note over ${id(from)}: ${escape(isFault(cause) ? `${cause}: ${says}` : says)}`;
    return `${indent}${id(from)}${cause === 'drop' ? '-x' : '->>'}${id(to)}: ${escape(says)}`;
  };
  const last = names.length > 0 ? [id(names[0]!), id(names.at(-1)!)] : [];
  return [
    'sequenceDiagram',
    ...names.map((name) => `  participant ${id(name)} as ${escape(name)}`),
    ...way.map(draw('  ')),
    ...(loop.length > 0 ? ['  loop for ever', ...loop.map(draw('    ')), '  end'] : []),
    ...(loop.length === 0 && last.length > 0 ? [`  Note over ${[...new Set(last)].join(',')}: ${escape(ends)}`] : []),
  ].join('\n');
}

const isFault = (cause: string) => cause === 'drop' || cause === 'dup' || cause === 'crash';

/** Characters that mermaid reads as its own, as codes that it shows as they are. */
const escape = (text: string): string => text.replace(/["#;<>{}\n\r]/g, (character) => `#${character.charCodeAt(0)};`);
