/** Turns inspection events into the messages of Stately's inspector (@statelyai/inspect): a new actor, an event, a snapshot. */
import { actorTypeOf } from '../values/ids.ts';
import type { Inspection } from '../contracts/inspection.ts';
import { isJsonObject, type Json } from '../values/json.ts';

/** The revision of the message shapes below (those of @statelyai/inspect). */
const version = '0.7.1';

interface Common {
  readonly sessionId: string;
  readonly rootId: string;
  readonly id: string;
  /** Milliseconds since the epoch, as text. */
  readonly createdAt: string;
  readonly _version: string;
}
interface Snapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: Json;
  readonly context: Json;
  readonly tags: readonly string[];
  readonly error?: Json;
}
type Event = { readonly type: string } & { readonly [key: string]: Json };

/** A message of @statelyai/inspect. */
export type StatelyMessage = Common &
  (
    | {
        readonly type: '@xstate.actor';
        readonly name: string;
        readonly parentId: string | undefined;
        readonly definition: string;
        readonly snapshot: Snapshot;
      }
    | { readonly type: '@xstate.event'; readonly sourceId: string | undefined; readonly event: Event }
    | { readonly type: '@xstate.snapshot'; readonly event: Event; readonly snapshot: Snapshot }
  );

type Commit = Extract<Inspection, { type: 'commit' }>;

const statuses = { active: 'active', done: 'done', failed: 'error', stopped: 'stopped' } as const;

/** Says that an actor exists. `definition` is its chart as JSON, for drawing; without it only the actor's type is shown. */
export function statelyActorMessage(commit: Commit, definition: string | undefined, root: string): StatelyMessage {
  const name = commit.actor;
  const chart = definition ?? JSON.stringify({ id: actorTypeOf(commit.actor) });
  return {
    type: '@xstate.actor',
    ...common(commit, root, 'actor'),
    name,
    parentId: commit.parent,
    definition: chart,
    snapshot: snapshotOf(commit),
  };
}

/** Says which event an actor took. */
export const statelyEventMessage = (commit: Commit, root: string): StatelyMessage => ({
  type: '@xstate.event',
  ...common(commit, root, 'event'),
  sourceId: commit.event.from,
  event: eventOf(commit),
});

/** Says in which state an actor is after an event. */
export const statelySnapshotMessage = (commit: Commit, root: string): StatelyMessage => ({
  type: '@xstate.snapshot',
  ...common(commit, root, 'snapshot'),
  event: eventOf(commit),
  snapshot: snapshotOf(commit),
});

const common = ({ actor, seq, at }: Commit, root: string, what: string): Common => ({
  sessionId: actor,
  rootId: root,
  id: `${actor}/${seq}/${what}`,
  createdAt: String(at),
  _version: version,
});

const eventOf = ({ event: { type, body } }: Commit): Event => {
  if (body === null) return { type };
  return isJsonObject(body) ? { ...body, type } : { type, body };
};

const snapshotOf = ({ status, state, context, tags, failure }: Commit): Snapshot => ({
  status: statuses[status],
  value: state,
  context,
  tags,
  ...(failure ? { error: { kind: failure.kind, message: failure.message } } : {}),
});
