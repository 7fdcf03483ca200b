/** A diagram as mermaid text, which GitHub and many editors draw. */
import type { DiagramArrow, DiagramBox, Diagram } from './diagram.ts';

/** The text of a diagram. */
export function renderMermaid(diagram: Diagram): string {
  const names = new Map<string, string>();
  // A name in mermaid is one word, and no keyword such as `end`.
  const name = (id: string) => {
    const known = names.get(id) ?? `s${names.size}_${id.replace(/\W+/g, '_').slice(-40)}`;
    names.set(id, known);
    return known;
  };
  return `${diagram.kind === 'team' ? flowchart(diagram, name) : stateDiagram(diagram, name)}\n`;
}

type Name = (id: string) => string;

function stateDiagram({ boxes, arrows }: Diagram, name: Name): string {
  const starts = new Set(flat(boxes).flatMap(({ id, kind }) => (kind === 'start' ? [id] : [])));
  const begin = new Map(arrows.filter(({ from }) => starts.has(from)).map(({ from, to }) => [from, to]));
  const classes: string[] = [];
  const draw = (box: DiagramBox, indent: string): string[] => {
    if (box.kind === 'start') return [`${indent}[*] --> ${name(begin.get(box.id) ?? '')}`];
    const head = `${indent}state "${escape(box.label)}" as ${name(box.id)}`;
    if (box.coverage) classes.push(`  class ${name(box.id)} ${box.coverage}`);
    const ends = box.kind === 'final' ? [`${indent}${name(box.id)} --> [*]`] : [];
    if (box.boxes.length === 0) return [head, ...ends];
    const inside = box.boxes.map((inner) => draw(inner, `${indent}  `));
    return [
      `${head} {`,
      ...inside.flatMap((lines, i) => (box.parallel && i > 0 ? [`${indent}  --`, ...lines] : lines)),
      `${indent}}`,
      ...ends,
    ];
  };
  const moves = arrows
    .filter(({ from }) => !starts.has(from))
    .map((arrow) => `  ${name(arrow.from)} --> ${name(arrow.to)}${label(arrow)}`);
  const drawn = boxes.flatMap((box) => draw(box, '  '));
  return ['stateDiagram-v2', ...drawn, ...moves, ...(classes.length > 0 ? [...heats, ...classes] : [])].join('\n');
}

const heats = [
  '  classDef cold fill:#fecaca,stroke:#b91c1c,color:#450a0a',
  '  classDef warm fill:#fef08a,stroke:#a16207,color:#422006',
  '  classDef hot fill:#bbf7d0,stroke:#15803d,color:#052e16',
];

function flowchart({ boxes, arrows }: Diagram, name: Name): string {
  const shape = {
    start: (text: string) => `((${text || ' '}))`,
    final: (text: string) => `(((${text})))`,
    state: (text: string) => `{${text}}`,
    member: (text: string) => `[${text}]`,
  };
  return [
    'flowchart LR',
    ...boxes.map((box) => `  ${name(box.id)}${shape[box.kind](`"${escape(box.label) || ' '}"`)}`),
    ...arrows.map(({ from, to, label }) => `  ${name(from)} -->${label ? `|"${escape(label)}"|` : ''} ${name(to)}`),
  ].join('\n');
}

const flat = (boxes: readonly DiagramBox[]): DiagramBox[] => boxes.flatMap((box) => [box, ...flat(box.boxes)]);
/** Arrows of a state diagram cannot be coloured in mermaid: those that are not fully covered get a mark. */
const label = ({ label, coverage }: DiagramArrow) =>
  label
    ? ` : ${coverage === undefined || coverage === 'hot' ? '' : `${coverage === 'cold' ? '✗' : '½'} `}${escape(label)}`
    : '';

/** Characters with a meaning in mermaid, as codes that it shows as they are. */
const escape = (text: string): string => text.replace(/["#;:<>{}\n\r]/g, (character) => `#${character.charCodeAt(0)};`);
