/** What is drawn, before it is known how: boxes in boxes, and arrows between them. */
import type { ChartNode } from '../../charts.ts';
import type { Subject } from '../../runtime.ts';

export interface Box {
  readonly id: string;
  readonly label: string;
  readonly kind: 'state' | 'final' | 'start' | 'member';
  readonly boxes: readonly Box[];
  /** Are the boxes inside at work at the same time? */
  readonly parallel: boolean;
}
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}
export interface Diagram {
  readonly kind: 'chart' | 'team';
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** A statechart: its states, where it begins, and which event leads where. */
export function chartDiagram(root: ChartNode): Diagram {
  const arrows: Arrow[] = [];
  const box = (node: ChartNode): Box => {
    for (const { on, if: guard, to } of node.moves) {
      for (const target of to)
        arrows.push({ from: node.id, to: target, label: eventWords(on) + (guard === undefined ? '' : ` [${guard}]`) });
    }
    return {
      id: node.id,
      label: node.key,
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

/** A team: every message goes by the route, which is code; the picture shows who may be sent what and what may come back. */
export function teamDiagram(team: Extract<Subject, { kind: 'team' }>): Diagram {
  const messages = team.protocol.messages as Readonly<Record<string, { replies?: readonly string[] }>>;
  const leaf = (id: string, label: string, kind: Box['kind']): Box => ({ id, label, kind, boxes: [], parallel: false });
  const members = Object.entries(team.members as Readonly<Record<string, { handles: readonly string[] }>>);
  return {
    kind: 'team',
    title: team.name,
    boxes: [
      leaf('(in)', '', 'start'),
      leaf('(route)', 'route', 'state'),
      ...members.map(([name]) => leaf(name, name, 'member')),
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
    ],
  };
}

/** Events that XState makes itself, as a person would say them. */
function eventWords(type: string): string {
  const [, how, id] = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type) ?? [];
  if (how) return `${id} ${how === 'done' ? 'done' : 'failed'}`;
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(type) ?? [];
  return delay === undefined ? type || 'always' : /^\d+$/.test(delay) ? `after ${delay} ms` : `after ${delay}`;
}
