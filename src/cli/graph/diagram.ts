/** Diagrams of charts and teams, independent of their output format: nested boxes, and arrows between them. */
import { eventLabel, supervisionOf, type ChartNode } from '../../runtime/charts.ts';
import type { Runnable } from '../../runtime/runtime.ts';
import { formatRestartLimit } from '../output/restartLimits.ts';

/** How much the tests have covered: `cold` nothing, `warm` only one outcome of a guard, `hot` everything. */
export type CoverageLevel = 'cold' | 'warm' | 'hot';

/** The coverage of a state, or of a transition, whose id is `<id of the state>#<index>`. */
export interface DiagramCoverage {
  readonly level: CoverageLevel;
  /** How often it was entered or taken. */
  readonly times: number;
}

/** A state or a member. */
export interface DiagramBox {
  readonly id: string;
  readonly label: string;
  readonly kind: 'state' | 'final' | 'start' | 'member';
  readonly boxes: readonly DiagramBox[];
  /** Are the boxes inside parallel regions? */
  readonly parallel: boolean;
  readonly coverage?: CoverageLevel;
}

/** A transition or a message. */
export interface DiagramArrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly coverage?: CoverageLevel;
}

/** A chart or a team. */
export interface Diagram {
  readonly kind: 'chart' | 'team';
  readonly title: string;
  readonly boxes: readonly DiagramBox[];
  readonly arrows: readonly DiagramArrow[];
}

/** The diagram of a statechart: its states, initial states and transitions; with `seen`, the coverage by tests. */
export function chartDiagram(root: ChartNode, seen?: (place: string) => DiagramCoverage | undefined): Diagram {
  const arrows: DiagramArrow[] = [];
  const box = (node: ChartNode): DiagramBox => {
    for (const [index, { on, if: guard, to }] of node.transitions.entries()) {
      const coverage = seen?.(`${node.id}#${index}`);
      const label =
        eventLabel(on) + (guard === undefined ? '' : ` [${guard}]`) + (coverage ? ` ×${coverage.times}` : '');
      // A transition without a target is drawn only to show its coverage.
      for (const target of to.length > 0 || !coverage ? to : [node.id])
        arrows.push({ from: node.id, to: target, label, ...(coverage ? { coverage: coverage.level } : {}) });
    }
    const own = seen?.(node.id);
    return {
      id: node.id,
      label: node.key,
      ...(own ? { coverage: own.level } : {}),
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
function start({ id, initial }: ChartNode, arrows: DiagramArrow[]): DiagramBox[] {
  if (initial === undefined) return [];
  arrows.push({ from: `${id}.(start)`, to: initial, label: '' });
  return [{ id: `${id}.(start)`, label: '', kind: 'start', boxes: [], parallel: false }];
}

/** The state of a team's run. */
export interface TeamRunState {
  /** Restarts that count towards the limit now. */
  readonly countedRestarts: number;
  /** Active actors by the name of their member. */
  readonly activeByMember: ReadonlyMap<string, number>;
}

/** The diagram of a team. The route is code, so it shows which messages each member may get and which replies it may send. */
export function teamDiagram(team: Extract<Runnable, { kind: 'team' }>, run?: TeamRunState): Diagram {
  // The types of a team are generic; here only these parts are read.
  const messages = team.protocol.messages as Readonly<Record<string, { replies?: readonly string[] }>>;
  const leaf = (id: string, label: string, kind: DiagramBox['kind']): DiagramBox => ({
    id,
    label,
    kind,
    boxes: [],
    parallel: false,
  });
  const members = Object.entries(team.members as Readonly<Record<string, MemberShape>>);
  return {
    kind: 'team',
    title: team.name,
    boxes: [
      leaf('(in)', '', 'start'),
      leaf('(route)', 'route', 'state'),
      ...members.map(([name, member]) =>
        leaf(name, name + poolOf(member) + atWork(run?.activeByMember.get(name)), 'member'),
      ),
      leaf(
        '(supervisor)',
        `${formatRestartLimit(supervisionOf(team))}${run ? `: ${run.countedRestarts} by now` : ''}`,
        'state',
      ),
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
