/** Explores everything that can happen in a team or a machine, within bounds, and reports what is wrong and what is ruled out. */
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { isSubject, type Subject } from '../../define/runnable.ts';
import { errorMessageOf } from '../errorMessage.ts';
import { nodeAt, wayTo, type Graph, type Told as Move } from './explore.ts';
import type { Fault, Faults } from './faults.ts';
import { growth } from './growth.ts';
import { look } from './refine.ts';
import { ofAgent } from './agentModel.ts';
import { ofMachine } from './machineModel.ts';
import { ofGuarded, ofOrchestrator } from './supervisorModels.ts';
import { ofTeam } from './teamModel.ts';
import { settingsOf, type CheckOptions, type Settings } from './options.ts';
import { proof } from './claims.ts';
import type { CheckReport, Finding } from './report.ts';
import { linesOf, sequence } from './sequence.ts';
import type { Stage } from './model.ts';
import { storyOf } from './story.ts';
import type { Suspicion } from './counterexample.ts';
import { begin, type Turn } from './worldStep.ts';
import { run, type World } from './world.ts';

/**
 * Explores an agent, a team, an orchestrator, guardrails, or a machine with its children: every message, every outcome of an effect, every
 * timer and the given faults, in every order. Rejects with `invalid` for wrong options, `definition` for what cannot be explored.
 * @example expect((await check(team)).findings).toEqual([]);
 */
export async function check(subject: Subject, options: CheckOptions = {}): Promise<CheckReport> {
  const settings = settingsOf(options);
  const stage = stageOf(subject, settings);
  const beginnings = stage.inputs.map((input) => beginningOf(stage, settings, input));
  const { graph, suspicions, apparent } = await look(beginnings, stage, settings);
  const findings = told(suspicions, graph, stage, subject);
  const bound = graph.bound && { ...graph.bound, ...growth(graph) };
  const { faults } = settings;
  const tried = triedOf(graph, faults);
  const states = graph.nodes.length;
  return {
    name: stage.name,
    states,
    transitions: graph.transitions,
    faults,
    ...(bound ? { bound } : {}),
    findings,
    ...proof({ states, faults, tried, bound, apparent, findings, looksForStates: stage.missed !== undefined }),
  };
}

/** How often each fault was tried. One that changes nothing anywhere was never tried, and nothing is claimed about it. */
function triedOf({ nodes }: Graph, faults: Faults): Faults {
  const causes = new Set<string>(nodes.flatMap(({ edges }) => edges.map(({ move }) => move.cause)));
  const times = (name: Fault) => (causes.has(name) ? faults[name] : 0);
  return { drop: times('drop'), dup: times('dup'), crash: times('crash') };
}

function stageOf(subject: Subject, settings: Settings): Stage {
  if (!isSubject(subject))
    throw new TroupeError(
      'definition',
      'check() takes an agent({ … }), a team({ … }), an orchestrator({ … }), something guarded(…) or a machine(chart).',
    );
  switch (subject.kind) {
    case 'team':
      return ofTeam(subject, settings);
    case 'machine':
      return ofMachine(subject, settings);
    case 'agent':
      return ofAgent(subject, settings);
    case 'orchestrator':
      return ofOrchestrator(subject, settings);
    case 'guarded':
      return ofGuarded(subject, settings);
  }
}

function beginningOf({ type, name }: Stage, { faults }: Settings, input: Stage['inputs'][number]): Turn {
  const root = `${type.name}/${run}`;
  const empty: World = {
    root,
    actors: new Map(),
    mail: [],
    asks: [],
    left: faults,
    mute: new Set(),
    doubtful: new Set(),
    lost: new Set(),
  };
  try {
    return begin(empty, type, { address: root, run, parent: undefined, input });
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `"${name}" cannot begin with the input ${JSON.stringify(input)}: ${errorMessageOf(cause)} Say what it is started with: check(…, { input: … }).`,
      { cause },
    );
  }
}

/** Each finding once, with the first trace that led to it; the shortest traces first. */
function told(suspicions: readonly Suspicion[], graph: Graph, stage: Stage, subject: Subject): Finding[] {
  const once = new Map<string, Suspicion>();
  for (const suspicion of suspicions) {
    const { kind, about } = suspicion;
    // A deadlock that needs no lost message is no finding about lost messages.
    const known = kind === 'hang' || kind === 'expiry' ? once.has(`deadlock ${about}`) : false;
    if (!known && !once.has(`${kind} ${about}`)) once.set(`${kind} ${about}`, suspicion);
  }
  return [...once.values()]
    .map(({ kind, says, node, move, loop = [] }): Finding => {
      if (node === undefined) return { kind, says, trace: [], mermaid: '', story: '' };
      const trace = { way: withoutRounds([...wayTo(graph, node), ...(move ? [move] : [])], loop), loop };
      const { input } = beginningFor(graph, node);
      return {
        kind,
        says,
        trace: linesOf(trace),
        mermaid: sequence(trace, kind),
        story: storyOf({ kind, trace, stage, subject, input, says }),
      };
    })
    .sort((a, b) => (a.trace.length || Infinity) - (b.trace.length || Infinity));
}

/** Without repetitions of the loop at the end of the trace: counts are exact up to a limit, so the walk may have gone round a few times before. */
function withoutRounds(way: readonly Move[], loop: readonly Move[]): readonly Move[] {
  const tail = way.slice(way.length - loop.length);
  const isRound =
    loop.length > 0 &&
    tail.length === loop.length &&
    tail.every((move, index) => {
      const same = loop[index];
      return same !== undefined && isSame(move, same);
    });
  return isRound ? withoutRounds(way.slice(0, -loop.length), loop) : way;
}
const isSame = (a: Move, b: Move) => a.from === b.from && a.to === b.to && a.says === b.says;

/** The input with which the run of this node was started. */
function beginningFor({ nodes }: Graph, node: number): { input: Json } {
  let at = nodeAt(nodes, node);
  while (at.before) at = nodeAt(nodes, at.before.node);
  return { input: at.world.actors.get(at.world.root)?.birth.input ?? null };
}
