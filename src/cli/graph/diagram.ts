/** Diagrams of charts and teams, independent of their output format: nested boxes, and arrows between them. */
import { eventWords, supervisionOf, type ChartNode } from '../../runtime/charts.ts';
import type { Subject } from '../../runtime/runtime.ts';
import { policyWords } from '../output/restartLimits.ts';

/** How much the tests have covered: `cold` nothing, `warm` only one outcome of a guard, `hot` everything. */
export type Heat = 'cold' | 'warm' | 'hot';

/** The coverage of a state, or of a transition, whose id is `<id of the state>#<index>`. */
export interface Seen {
  readonly heat: Heat;
  /** How often it was entered or taken. */
  readonly times: number;
}

/** A state or a member. */
export interface Box {
  readonly id: string;
  readonly label: string;
  readonly kind: 'state' | 'final' | 'start' | 'member';
  readonly boxes: readonly Box[];
  /** Are the boxes inside parallel regions? */
  readonly parallel: boolean;
  readonly heat?: Heat;
}

/** A transition or a message. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly heat?: Heat;
}

/** A chart or a team. */
export interface Diagram {
  readonly kind: 'chart' | 'team';
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** The diagram of a statechart: its states, initial states and transitions; with `seen`, the coverage by tests. */
export function chartDiagram(root: ChartNode, seen?: (place: string) => Seen | undefined): Diagram {
  const arrows: Arrow[] = [];
  const box = (node: ChartNode): Box => {
    for (const [index, { on, if: guard, to }] of node.moves.entries()) {
      const coverage = seen?.(`${node.id}#${index}`);
      const label =
        eventWords(on) + (guard === undefined ? '' : ` [${guard}]`) + (coverage ? ` ×${coverage.times}` : '');
      // A transition without a target is drawn only to show its coverage.
      for (const target of to.length > 0 || !coverage ? to : [node.id])
        arrows.push({ from: node.id, to: target, label, ...(coverage ? { heat: coverage.heat } : {}) });
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
  // Transitions of the root itself need a box around everything to start from.
  const rooted = arrows.some(({ from, to }) => from === root.id || to === root.id);
  return { kind: 'chart', title: root.id, boxes: rooted ? [{ ...whole, boxes }] : boxes, arrows };
}

/** A black dot, and an arrow to the initial state. */
function start({ id, initial }: ChartNode, arrows: Arrow[]): Box[] {
  if (initial === undefined) return [];
  arrows.push({ from: `${id}.(start)`, to: initial, label: '' });
  return [{ id: `${id}.(start)`, label: '', kind: 'start', boxes: [], parallel: false }];
}

/** The state of a team's run. */
export interface RunStanding {
  /** Restarts that count towards the limit now. */
  readonly counted: number;
  /** Active actors by the name of their member. */
  readonly atWork: ReadonlyMap<string, number>;
}

/** The diagram of a team. The route is code, so it shows which messages each member may get and which replies it may send. */
export function teamDiagram(team: Extract<Subject, { kind: 'team' }>, run?: RunStanding): Diagram {
  // The types of a team are generic; here only these parts are read.
  const messages = team.protocol.messages as Readonly<Record<string, { replies?: readonly string[] }>>;
  const leaf = (id: string, label: string, kind: Box['kind']): Box => ({ id, label, kind, boxes: [], parallel: false });
  const members = Object.entries(team.members as Readonly<Record<string, MemberShape>>);
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

interface MemberShape {
  readonly kind: string;
  readonly handles: readonly string[];
  readonly members?: readonly { readonly id: string }[];
}
/** The members of an orchestrator. */
const poolOf = ({ kind, members = [] }: MemberShape): string =>
  kind === 'orchestrator' ? ` (one of ${members.map(({ id }) => id).join(', ')})` : '';

const atWork = (count = 0): string => (count === 0 ? '' : count === 1 ? ' (at work)' : ` (${count} at work)`);
