/** XState's own steps, as its `initialTransition()` and `transition()` take them, for an actor with a parent. */
import {
  createActor,
  type AnyActorLogic,
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ExecutableActionObject,
} from 'xstate';

export type Step = readonly [AnyMachineSnapshot, readonly ExecutableActionObject[]];

const idle: AnyActorLogic = {
  transition: (state) => state,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: () => ({ status: 'active' }) as never,
};
const nothing = () => {};

/** Each step has a scope of its own. */
function collect(take: (scope: never) => AnyMachineSnapshot): Step {
  const actions: ExecutableActionObject[] = [];
  const self = createActor(idle, { id: '#self', parent: createActor(idle, { id: '#parent' }) });
  const scope: AnyActorScope = {
    self,
    id: '',
    sessionId: '',
    system: self.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action) => void actions.push(action),
  };
  // The scope of any machine.
  return [take(scope as never), actions];
}

export const firstStep = (machine: AnyStateMachine, input: unknown): Step =>
  collect((scope) => machine.getInitialSnapshot(scope, input as never));
export const nextStep = (machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: AnyEventObject): Step =>
  collect((scope) => machine.transition(snapshot, event, scope));
