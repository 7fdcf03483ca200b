/** What one step of a machine changes about its actor: the new snapshot, what begins and what ends with it. Pure: the same step makes the same change again (E2). */
import { listsOfAllLives } from '../contracts/flow/record.ts';
import { deadLetterList } from '../contracts/deadLetter.ts';
import { artifactList } from '../contracts/parts.ts';
import { asJson } from '../values/json.ts';
import type { Commit } from '../contracts/commit.ts';
import type { MachineStep, Snapshot } from './chart.ts';
import { addressOf } from './actions.ts';
import type { CommitBuilder, StepActor } from './commitBuilder.ts';
import type { Incoming } from './incoming.ts';
import { buildOutbox } from './outbox.ts';
import type { PendingSet } from './pendingSet.ts';
import { withAddresses } from './references.ts';
import { deadlineTimer, type SpawnInfo } from './spawn.ts';
import { endMessageFor } from './systemMessages.ts';
import type { StateChange } from './toCommit.ts';

/** The actor that takes a step, as of its last commit. */
export interface SteppingActor extends StepActor {
  /** What it was spawned with. */
  readonly spawnInfo: SpawnInfo;
  /** What it has started and that is not settled. */
  readonly pendings: Pick<PendingSet, 'keysEndingWith'>;
}

/** Why a step is taken. */
export interface StepCause {
  /** The key of the pending that ends with the step; none by default. */
  readonly settles?: Incoming['settles'] | undefined;
  /** The result of an effect, for the ledger; none by default. */
  readonly result?: Incoming['result'] | undefined;
  /** What the commit records as its event; its id is the cause of every message that the step sends. */
  readonly event: StateChange['event'];
  /** Keys of further pendings that end with the step; default none. */
  readonly ends?: readonly string[];
  /** What the engine adds to the actor's lists; default nothing. */
  readonly appends?: Commit['appends'];
}

/** The number of the commit that a step makes, and its time. */
export interface StepNumber {
  /** One more than that of the last commit; 1 for the first step. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a step comes to. */
export interface StepOutcome {
  /** What is stored. */
  readonly change: StateChange;
  /** Holds what is not stored: emitted events and custom actions. */
  readonly builder: CommitBuilder;
}

/** The stored name of an actor's list: after a restart from the beginning its lists begin anew, except artifacts, which others refer to, and what a flow goes on with. */
export const storedListName = ({ life = 0 }: Pick<SpawnInfo, 'life'>, name: string): string =>
  life === 0 || name === artifactList || listsOfAllLives.includes(name) ? name : `${name}~${life}`;

/**
 * The change of a step, and the builder with what is not stored: emitted events and custom actions. `before` is undefined for the first step.
 * Throws `definition` when an action of the machine cannot be stored.
 */
export function stepChange(
  actor: SteppingActor,
  before: Snapshot | undefined,
  step: MachineStep,
  { event, settles, result, ends = [], appends: engineAppends = [] }: StepCause,
  { seq, now }: StepNumber,
): StepOutcome {
  const { spawnInfo, pendings } = actor;
  const [after, { length: index }] = step;
  const builder = buildOutbox(actor, before, step, seq, now, event.id);
  const snapshot = withPlainOutput(after, builder);
  const settled = settles === undefined ? ends : [settles, ...ends];
  const appends = appendsOf(builder, spawnInfo, engineAppends);
  const common = { snapshot, event, appends, results: result ? [result] : [] };
  if (snapshot.status !== 'done') {
    const running = { has: (id: string) => isRunning(builder.children.get(id), settles) };
    const opens = before ? builder.opens : [...builder.opens, ...deadlineTimer(spawnInfo, builder.key(index))];
    return {
      change: { ...common, status: 'active', opens, closes: allOf(settled, builder.closes), running },
      builder,
    };
  }
  const endMessage = endMessageFor(spawnInfo, builder.key(index), { output: snapshot.output ?? null });
  const opens = [...builder.opens.filter(({ kind }) => kind === 'message'), ...endMessage];
  return {
    change: { ...common, status: 'done', opens, closes: [...settled, ...pendings.keysEndingWith(settled)] },
    builder,
  };
}

/** The keys of both, each once: an effect that has ended is settled, and its machine stops it as well. */
const allOf = (settled: readonly string[], closes: readonly string[]): readonly string[] =>
  closes.length === 0 ? settled : [...settled, ...closes.filter((key) => !settled.includes(key))];

/** What a step adds to the lists of its actor. */
function appendsOf(
  { appends, undeliverable }: CommitBuilder,
  spawnInfo: SpawnInfo,
  engineAppends: Commit['appends'],
): Commit['appends'] {
  if (appends.length === 0 && undeliverable.length === 0) return engineAppends;
  return [
    ...engineAppends,
    ...appends.map(({ list, entry }) => ({ list: storedListName(spawnInfo, list), entry })),
    ...undeliverable.map((deadLetter) => ({ list: deadLetterList, entry: asJson(deadLetter) })),
  ];
}

/** Is the pending under this key there after a step that settles another one? */
const isRunning = (key: string | undefined, settled: string | undefined): boolean =>
  key !== undefined && key !== settled;

/** The output of a machine that has ended, with an address in place of each reference to an actor. */
function withPlainOutput(snapshot: Snapshot, builder: CommitBuilder): Snapshot {
  const output: unknown = withAddresses<unknown>(snapshot.output, (reference) => addressOf(builder, reference));
  return output === snapshot.output ? snapshot : Object.assign({}, snapshot, { output });
}
