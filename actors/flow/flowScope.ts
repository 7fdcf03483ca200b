/** Which call of which flow the present code belongs to: a call of `ctx` is another thing in a checkpoint than in the body around it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { scopeError } from '../../src/flow/flowErrors.ts';
import type { FlowArtifactRecord } from '../../src/contracts/flow/record.ts';
import type { BodyRandom } from '../../src/flow/bodyRandom.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { CallScope } from './callScope.ts';
import type { ModelNames } from './modelNames.ts';

/** What one attempt at a checkpoint notes beside its result. */
export interface AttemptNotes {
  facts: JsonObject | undefined;
  readonly artifacts: FlowArtifactRecord[];
  readonly loaded: Set<string>;
}

/** A checkpoint that is being performed. */
export interface PerformedCall {
  /** The run of a body that it belongs to. */
  readonly owner: object;
  readonly id: string;
  /** It goes on when its flow is told to stop. */
  readonly isNonCancellable: boolean;
  /** Aborted when it is to stop. */
  readonly signal: AbortSignal;
  /** What it notes beside its result. */
  readonly notes: AttemptNotes;
  /** Chance inside: what it takes does not change what the body around it is given. */
  readonly random: BodyRandom;
  /** What it is a call of. */
  readonly around: CallScope;
  /** Set for a nested one: the calls inside. */
  readonly scope: CallScope | undefined;
  /** Adds facts about it. */
  log(facts: JsonObject): void;
  /** The names of its calls of models. */
  readonly modelNames: ModelNames;
}

/** A part of a body that a cancel does not reach. */
class NonCancellablePart {
  /** The run of a body that it belongs to. */
  readonly owner: object;
  readonly isNonCancellable = true;

  constructor(owner: object) {
    this.owner = owner;
  }
}

const storage = new AsyncLocalStorage<PerformedCall | NonCancellablePart | undefined>();

/** Calls `work` with this; everything that it starts belongs to the checkpoint. */
export const inCheckpoint = <Given, T>(call: PerformedCall, work: (given: Given) => T, given: Given): T =>
  storage.run(call, work, given);

/** The checkpoint that the present code belongs to; undefined in the body of a flow and outside of flows. */
export const currentCheckpoint = (): PerformedCall | undefined => {
  const at = storage.getStore();
  return at instanceof NonCancellablePart ? undefined : at;
};

/** Calls `work` as a part of this body that a cancel does not reach; everything that it calls belongs to that. */
export const inNonCancellable = <T>(run: object, work: () => T): T => storage.run(new NonCancellablePart(run), work);

/** Does the present code belong to a part of this body that a cancel does not reach? */
export function isNonCancellable(run: object): boolean {
  const at = storage.getStore();
  return at?.owner === run && at.isNonCancellable;
}

/** Throws `scope` where a cancel does not reach: what waits for others could last for ever there. */
export function requireCancellable(run: object, what: string): void {
  if (!isNonCancellable(run)) return;
  throw scopeError(
    `${what} was called`,
    'inside ctx.nonCancellable, where only checkpoints can be made',
    'Call it in the body around it, or do what is to be done in a checkpoint.',
  );
}

/** Calls `work` as code of a body, wherever it is called from. */
export const outsideCheckpoints = <T>(work: () => T): T => storage.run(undefined, work);

/** The scope that the present code calls in. `at`: the checkpoint that it belongs to. Throws `scope` in a checkpoint that is not nested. */
export function callScopeOf(run: { readonly root: CallScope }, what: string, at: PerformedCall | undefined): CallScope {
  if (!at || at.owner !== run) return run.root;
  if (at.scope) return at.scope;
  throw scopeError(
    `${what} was called`,
    `inside the checkpoint "${at.id}", whose result is recorded as a whole`,
    'Call it in the body of the flow, or give that checkpoint { nested: true }.',
  );
}

/** When the last call ended that the present code was told of, in milliseconds since the epoch. */
export function callTimeOf(run: { readonly root: CallScope }): number {
  const at = currentCheckpoint();
  return (at?.owner === run ? (at.scope ?? at.around) : run.root).time;
}

/** The checkpoint of this run that the present code is in. Throws `scope` elsewhere. */
export function checkpointOf(run: object, what: string): PerformedCall {
  const at = currentCheckpoint();
  if (at?.owner === run) return at;
  throw scopeError(
    `${what} was called`,
    'outside of a checkpoint',
    'Call it in the function of a checkpoint, where it is done once.',
  );
}
