/**
 * Steps a machine by plans that are made once, on one working snapshot, where XState calculates each time what is left and entered and copies its snapshot for every action.
 * The guards and actions are those of the machine, and a step comes to what XState's own `transition()` comes to: `test/core/stepper/` holds the two against each other.
 */
import type {
  AnyActorScope,
  AnyEventObject,
  AnyMachineSnapshot,
  AnyStateMachine,
  ExecutableActionObject,
} from 'xstate';
import { choose, chooseEventless } from './candidates.ts';
import { assignContext } from './changes.ts';
import { endlessError } from './endless.ts';
import { takeMicrostep } from './microstep.ts';
import type { Configuration } from './plan.ts';
import { plannerOf } from './planner.ts';
import { takeActions } from './takeActions.ts';
import { argumentsNow, type RunningStep } from './step.ts';
import {
  blankSnapshot,
  enterConfiguration,
  isOwnKind,
  snapshotNodes,
  stopOf,
  workingCopy,
  type PlannedTransition,
  type WorkingSnapshot,
} from './xstate.ts';

/** The new snapshot, and the actions in order. */
type Stepped = readonly [snapshot: AnyMachineSnapshot, actions: readonly ExecutableActionObject[]];

/** The steps of one machine. */
export interface Stepper {
  /** The first step. Throws what the machine throws. */
  initial(input: unknown): Stepped;
  /** Undefined for a step that is left to XState. Throws what the machine throws. */
  step(snapshot: AnyMachineSnapshot, event: AnyEventObject): Stepped | undefined;
}

/** Undefined for a machine of another copy of XState: it may be another version, so it steps its machines itself. */
export function stepper(machine: AnyStateMachine, scope: AnyActorScope): Stepper | undefined {
  if (!isOwnKind(machine)) return undefined;
  const planner = plannerOf(machine.root);

  const begin = (snapshot: WorkingSnapshot, event: AnyEventObject): RunningStep => ({
    scope,
    snapshot,
    event,
    raised: [],
    actions: [],
    changes: 0,
    children: undefined,
  });

  const take = (step: RunningStep, from: Configuration, transitions: readonly PlannedTransition[]): Configuration =>
    takeMicrostep(step, from, planner.plan(from, transitions, step.snapshot.historyValue));

  const chooseFor = (step: RunningStep, from: Configuration): readonly PlannedTransition[] => {
    const chosen: PlannedTransition[] = [];
    choose(planner.candidates(from, step.event.type), step.snapshot, step.event, chosen);
    return chosen;
  };

  /** Takes eventless transitions and raised events until there are none. */
  const settle = (step: RunningStep, from: Configuration): Configuration => {
    const { snapshot, raised } = step;
    const limit = machine.options.maxIterations ?? Infinity;
    let configuration = from;
    let mayBeEventless = true;
    for (let round = 1; snapshot.status === 'active'; round++) {
      if (round > limit) throw endlessError(machine.id, limit);
      let chosen: readonly PlannedTransition[] = [];
      if (mayBeEventless) chosen = chooseEventless(configuration.eventless, snapshot, step.event);
      const isEventless = chosen.length > 0;
      if (!isEventless) {
        if (raised.length === 0) break;
        [step.event] = raised.splice(0, 1) as [AnyEventObject];
        chosen = chooseFor(step, configuration);
      }
      const before = step.changes;
      if (chosen.length > 0) configuration = take(step, configuration, chosen);
      // An eventless transition that changes nothing is not taken a second time.
      mayBeEventless = !isEventless || step.changes > before;
    }
    return configuration;
  };

  const finish = (step: RunningStep, from: Configuration): Stepped => {
    const { snapshot, actions } = step;
    const configuration = settle(step, from);
    if (snapshot.status === 'active') {
      const ordered = planner.inMachineOrder(configuration);
      if (ordered !== configuration) enterConfiguration(snapshot, ordered);
    } else {
      // XState stops the children of a machine that has ended, and leaves them in the snapshot.
      const { children } = snapshot;
      step.children = undefined;
      step.raised.length = 0;
      takeActions(step, Object.values(children).map(stopOf));
      snapshot.children = children;
    }
    return [snapshot as unknown as AnyMachineSnapshot, actions];
  };

  return {
    initial(input) {
      const { before, plan } = planner.initial();
      const { context } = machine.config as { readonly context?: object | ((args: object) => object) };
      const isMade = typeof context === 'function';
      const event = { type: 'xstate.init', input };
      const step = begin(blankSnapshot(machine, isMade ? {} : (context ?? {}), before), event);
      if (isMade)
        assignContext(step, { assignment: ({ spawn, self }) => context({ spawn, input, self }) }, argumentsNow(step));
      return finish(step, takeMicrostep(step, before, plan));
    },
    step(snapshot, event) {
      if (snapshot.machine !== machine || snapshot.status !== 'active' || isForXState(event)) return undefined;
      const configuration = planner.configuration(snapshotNodes(snapshot));
      const step = begin(workingCopy(snapshot), event);
      const isFailure = event.type.startsWith('xstate.error.actor');
      const chosen = chooseFor(step, configuration);
      // It ends the machine.
      if (isFailure && chosen.length === 0) return undefined;
      const next = finish(step, chosen.length > 0 ? take(step, configuration, chosen) : configuration);
      return step.changes === 0 ? [snapshot, step.actions] : next;
    },
  };
}

/** They are no events that a machine handles. */
const isForXState = ({ type }: AnyEventObject) => type === 'xstate.stop' || type === 'xstate.init';
