/** What is drawn, before it is known how: boxes in boxes, and arrows between them. */
import { eventWords, supervisionOf, type ChartNode } from '../../charts.ts';
import type { Subject } from '../../runtime.ts';
import { policyWords } from '../restarts.ts';

/** How much of it the tests have seen: nothing, only one side of what it asks, or all. */
export type Heat = 'cold' | 'warm' | 'hot';

/** What was seen of a state, or of a move by its place: `<state's id>#<index>`. */
export interface Seen {
  readonly heat: Heat;
  /** How often. */
  readonly times: number;
}

export interface Box {
  readonly id: string;
  readonly label: string;
  readonly kind: 'state' | 'final' | 'start' | 'member';
  readonly boxes: readonly Box[];
  /** Are the boxes inside at work at the same time? */
  readonly parallel: boolean;
  readonly heat?: Heat;
}
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly heat?: Heat;
}
export interface Diagram {
  readonly kind: 'chart' | 'team';
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** A statechart: its states, where it begins, and which event leads where; with `seen`, how much of that the tests have seen. */
export function chartDiagram(root: ChartNode, seen?: (place: string) => Seen | undefined): Diagram {
  const arrows: Arrow[] = [];
  const box = (node: ChartNode): Box => {
    for (const [index, { on, if: guard, to }] of node.moves.entries()) {
      const sight = seen?.(`${node.id}#${index}`);
      const label = eventWords(on) + (guard === undefined ? '' : ` [${guard}]`) + (sight ? ` ×${sight.times}` : '');
      // A move that stays is of interest only to who asks whether it was seen.
      for (const target of to.length > 0 || !sight ? to : [node.id])
        arrows.push({ from: node.id, to: target, label, ...(sight ? { heat: sight.heat } : {}) });
    }
    const own = seen?.(node.id);
    return {
      id: node.id,
      label: node.key,
      ...(own ? { heat: own.heat } : {}),
      kind: node.type === 'final' ? 'final' : 'state',
      boxes: [...start(node, arrows), ...node.states.map(box)],
      parallel: node.type === 'parallel',
    };
  };
  const { boxes, ...whole } = box(root);
  // Transitions of the root itself start from a box around everything.
  const rooted = arrows.some(({ from, to }) => from === root.id || to === root.id);
  return { kind: 'chart', title: root.id, boxes: rooted ? [{ ...whole, boxes }] : boxes, arrows };
}

/** A black dot, and an arrow to where a state begins. */
function start({ id, initial }: ChartNode, arrows: Arrow[]): Box[] {
  if (initial === undefined) return [];
  arrows.push({ from: `${id}.(start)`, to: initial, label: '' });
  return [{ id: `${id}.(start)`, label: '', kind: 'start', boxes: [], parallel: false }];
}

/** How a run of a team stands: restarts that count by now, and how many of each member are at work. */
export interface RunStanding {
  readonly counted: number;
  readonly atWork: ReadonlyMap<string, number>;
}

/** A team: every message goes by the route, which is code; the picture shows who may be sent what and what may come back. */
export function teamDiagram(team: Extract<Subject, { kind: 'team' }>, run?: RunStanding): Diagram {
  const messages = team.protocol.messages as Readonly<Record<string, { replies?: readonly string[] }>>;
  const leaf = (id: string, label: string, kind: Box['kind']): Box => ({ id, label, kind, boxes: [], parallel: false });
  const members = Object.entries(team.members as Readonly<Record<string, Drawn>>);
  return {
    kind: 'team',
    title: team.name,
    boxes: [
      leaf('(in)', '', 'start'),
      leaf('(route)', 'route', 'state'),
      ...members.map(([name, member]) => leaf(name, name + poolOf(member) + atWork(run?.atWork.get(name)), 'member')),
      leaf('(supervisor)', `${policyWords(supervisionOf(team))}${run ? `: ${run.counted} by now` : ''}`, 'state'),
      leaf('(out)', 'result', 'final'),
    ],
    arrows: [
      { from: '(in)', to: '(route)', label: String(team.accepts) },
      ...members.flatMap(([name, { handles }]) => [
        { from: '(route)', to: name, label: handles.join(', ') },
        {
          from: name,
          to: '(route)',
          label: [...new Set(handles.flatMap((type) => messages[type]?.replies ?? []))].join(', '),
        },
      ]),
      { from: '(route)', to: '(out)', label: String(team.returns) },
      ...members.map(([name]) => ({ from: '(supervisor)', to: name, label: '' })),
    ],
  };
}

interface Drawn {
  readonly kind: string;
  readonly handles: readonly string[];
  readonly members?: readonly { readonly id: string }[];
}
/** Of an orchestrator: those behind it. */
const poolOf = ({ kind, members = [] }: Drawn): string =>
  kind === 'orchestrator' ? ` (one of ${members.map(({ id }) => id).join(', ')})` : '';

const atWork = (count = 0): string => (count === 0 ? '' : count === 1 ? ' (at work)' : ` (${count} at work)`);
