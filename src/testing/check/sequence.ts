/** Shows a trace as lines of text, and as a mermaid sequence diagram. */
import type { TransitionLabel } from './explore.ts';
import { isCheckFault } from './faults.ts';

/** How a finding comes about. */
export interface Trace {
  /** The moves that lead there. */
  readonly steps: readonly TransitionLabel[];
  /** The moves that then repeat for ever; empty when nothing repeats. */
  readonly loop: readonly TransitionLabel[];
}

/** One move as a line: `[drop] client → desk: …`. */
export const lineOf = ({ cause, from, to, says }: TransitionLabel): string =>
  `${isCheckFault(cause) ? `[${cause}] ` : ''}${from === to ? from : `${from} → ${to}`}: ${says}`;

/** A trace as lines, one for each move. */
export const linesOf = ({ steps, loop }: Trace): string[] => [
  ...steps.map(lineOf),
  ...(loop.length > 0 ? ['and then, over and over:', ...loop.map((move) => `  ${lineOf(move)}`)] : []),
];

/** A trace as a mermaid sequence diagram; `ends` is the note at its end. */
export function sequenceDiagram({ steps, loop }: Trace, ends: string): string {
  const all = [...steps, ...loop];
  const names = [...new Set(all.flatMap(({ from, to }) => [from, to]))];
  const id = (name: string) => `p${names.indexOf(name)}`;
  const draw = (indent: string) => (move: TransitionLabel) => {
    const { cause, from, to, says } = move;
    if (from === to)
      return `${indent}Note over ${id(from)}: ${escape(isCheckFault(cause) ? `${cause}: ${says}` : says)}`;
    return `${indent}${id(from)}${cause === 'drop' ? '-x' : '->>'}${id(to)}: ${escape(says)}`;
  };
  const [first] = names;
  const last = first === undefined ? [] : [id(first), id(names.at(-1) ?? first)];
  return [
    'sequenceDiagram',
    ...names.map((name) => `  participant ${id(name)} as ${escape(name)}`),
    ...steps.map(draw('  ')),
    ...(loop.length > 0 ? ['  loop for ever', ...loop.map(draw('    ')), '  end'] : []),
    ...(loop.length === 0 && last.length > 0 ? [`  Note over ${[...new Set(last)].join(',')}: ${escape(ends)}`] : []),
  ].join('\n');
}

/** Replaces characters that mermaid would read as syntax by codes that it shows as they are. */
const escape = (text: string): string => text.replace(/["#;<>{}\n\r]/g, (character) => `#${character.charCodeAt(0)};`);
