/** Explores everything that can happen in a team or a machine, within bounds, and reports what is wrong and what is ruled out. */
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { isRunnable, type Runnable } from '../../define/runnable.ts';
import { errorMessage } from '../../values/cause.ts';
import { nodeAt, traceTo, type StateGraph, type TransitionLabel as Move } from './explore.ts';
import type { CheckFault, CheckFaults } from './faults.ts';
import { fastestGrowing } from './growth.ts';
import { refine } from './refine.ts';
import { agentModel } from './agentModel.ts';
import { machineModel } from './machineModel.ts';
import { guardedModel, orchestratorModel } from './supervisorModels.ts';
import { teamModel } from './teamModel.ts';
import { checkSettings, type CheckOptions, type CheckSettings } from './options.ts';
import { claimsOf } from './claims.ts';
import type { CheckReport, Finding } from './report.ts';
import { linesOf, sequenceDiagram } from './sequence.ts';
import type { CheckModel } from './model.ts';
import { storyOf } from './story.ts';
import type { Counterexample } from './counterexample.ts';
import { startRoot, type StepResult } from './worldStep.ts';
import { checkedRun, type ModelWorld } from './world.ts';

/**
 * Explores an agent, a team, an orchestrator, guardrails, or a machine with its children: every message, every outcome of an effect, every
 * timer and the given faults, in every order. Rejects with `invalid` for wrong options, `definition` for what cannot be explored.
 * @example expect((await check(team)).findings).toEqual([]);
 */
export async function check(subject: Runnable, options: CheckOptions = {}): Promise<CheckReport> {
  const settings = checkSettings(options);
  const model = modelOf(subject, settings);
  const beginnings = model.inputs.map((input) => startWith(model, settings, input));
  const { graph, counterexamples, refuted, clamp } = await refine(beginnings, model, settings);
  const findings = reportedFindings(counterexamples, graph, subject, options);
  const bound = graph.bound && { ...graph.bound, ...fastestGrowing(graph) };
  const merged = { ...graph.merged, upTo: clamp };
  const { faults } = settings;
  const tried = triedOf(graph, faults);
  const states = graph.nodes.length;
  return {
    name: model.name,
    states,
    transitions: graph.transitions,
    faults,
    ...(bound ? { bound } : {}),
    ...(graph.merged.large + graph.merged.vague > 0 ? { merged } : {}),
    findings,
    ...claimsOf({
      states,
      faults,
      tried,
      bound,
      merged,
      partial: [...settings.numbers.partial],
      partialTexts: [...settings.numbers.partialTexts],
      apparent: refuted,
      findings,
      looksForStates: model.unreached !== undefined,
    }),
  };
}

/** How often each fault was tried. One that changes nothing anywhere was never tried, and nothing is claimed about it. */
function triedOf({ nodes }: StateGraph, faults: CheckFaults): CheckFaults {
  const causes = new Set<string>(nodes.flatMap(({ edges }) => edges.map(({ move }) => move.cause)));
  const times = (name: CheckFault) => (causes.has(name) ? faults[name] : 0);
  return { drop: times('drop'), dup: times('dup'), crash: times('crash') };
}

function modelOf(subject: Runnable, settings: CheckSettings): CheckModel {
  if (!isRunnable(subject))
    throw new TroupeError(
      'definition',
      'check() takes an agent({ … }), a team({ … }), an orchestrator({ … }), something guarded(…) or a machine(chart).',
    );
  switch (subject.kind) {
    case 'team':
      return teamModel(subject, settings);
    case 'machine':
      return machineModel(subject, settings);
    case 'agent':
      return agentModel(subject, settings);
    case 'orchestrator':
      return orchestratorModel(subject, settings);
    case 'guarded':
      return guardedModel(subject, settings);
    case 'flow':
      throw new TroupeError(
        'unsupported',
        'check() explores teams, agents and machines. The body of a flow is code: crash() and simulate() show what becomes of it.',
      );
    case 'workflow':
      throw new TroupeError(
        'unsupported',
        'check() explores teams, agents and machines. A workflow is checked by "troupe workflow validate".',
      );
  }
}

function startWith(
  { type, name }: CheckModel,
  { faults }: CheckSettings,
  input: CheckModel['inputs'][number],
): StepResult {
  const root = `${type.name}/${checkedRun}`;
  const empty: ModelWorld = {
    root,
    actors: new Map(),
    messages: [],
    asks: [],
    faultsLeft: faults,
    lostOutcomes: new Set(),
    uncertain: new Set(),
    lostMessages: new Set(),
    taken: new Set(),
  };
  try {
    return startRoot(empty, type, { address: root, run: checkedRun, parent: undefined, input });
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `"${name}" cannot begin with the input ${JSON.stringify(input)}: ${errorMessage(cause)} Say what it is started with: check(…, { input: … }).`,
      { cause },
    );
  }
}

/** Each finding once, with the first trace that led to it; the shortest traces first. */
function reportedFindings(
  suspicions: readonly Counterexample[],
  graph: StateGraph,
  subject: Runnable,
  options: CheckOptions,
): Finding[] {
  const once = new Map<string, Counterexample>();
  for (const suspicion of suspicions) {
    const { kind, about } = suspicion;
    // A deadlock that needs no lost message is no finding about lost messages.
    const known = kind === 'hang' || kind === 'expiry' ? once.has(`deadlock ${about}`) : false;
    if (!known && !once.has(`${kind} ${about}`)) once.set(`${kind} ${about}`, suspicion);
  }
  return [...once.values()]
    .map(({ kind, says, node, move, loop = [] }): Finding => {
      if (node === undefined) return { kind, says, trace: [], mermaid: '', story: '' };
      const trace = { steps: withoutRepeatedLoop([...traceTo(graph, node), ...(move ? [move] : [])], loop), loop };
      const { input } = beginningFor(graph, node);
      return {
        kind,
        says,
        trace: linesOf(trace),
        mermaid: sequenceDiagram(trace, kind),
        story: storyOf({ kind, trace, subject, input, says, options }),
      };
    })
    .sort((a, b) => (a.trace.length || Infinity) - (b.trace.length || Infinity));
}

/** Without repetitions of the loop at the end of the trace: counts are exact up to a limit, so the walk may have gone round a few times before. */
function withoutRepeatedLoop(steps: readonly Move[], loop: readonly Move[]): readonly Move[] {
  const tail = steps.slice(steps.length - loop.length);
  const isRound =
    loop.length > 0 &&
    tail.length === loop.length &&
    tail.every((move, index) => {
      const same = loop[index];
      return same !== undefined && isSame(move, same);
    });
  return isRound ? withoutRepeatedLoop(steps.slice(0, -loop.length), loop) : steps;
}
const isSame = (a: Move, b: Move) => a.from === b.from && a.to === b.to && a.says === b.says;

/** The input with which the run of this node was started. */
function beginningFor({ nodes }: StateGraph, node: number): { input: Json } {
  let at = nodeAt(nodes, node);
  while (at.before) at = nodeAt(nodes, at.before.node);
  return { input: at.world.actors.get(at.world.root)?.spawnInfo.input ?? null };
}
