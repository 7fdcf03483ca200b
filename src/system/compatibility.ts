/** Does a stored snapshot fit the machine of today? Load = same hash → fits → migrate → else pinned, with what does not fit (E11). */
import { createHash } from 'node:crypto';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { StoredActor } from '../journal/journal.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { ActorType } from './actorType.ts';
import { everyNode } from './refuse.ts';

/** What a commit keeps as `snapshot`. */
export interface SnapshotEnvelope {
  readonly format: 1;
  readonly machine: string;
  readonly hash: string;
  readonly state: JsonObject;
}

export const seal = (type: ActorType, state: JsonObject): SnapshotEnvelope => ({
  format: 1,
  machine: type.chart.machine.id,
  hash: type.hash,
  state,
});

/** The shape of a machine: its states, what leads where, by which guards, and what it invokes. Code is not part of it. */
export function hashOf(machine: AnyStateMachine): string {
  const name = (reference: unknown) =>
    typeof reference === 'string' ? reference : ((reference as { type?: string } | undefined)?.type ?? '');
  const shape = everyNode(machine.root).map((node) => [
    node.id,
    node.type,
    [...node.transitions.entries()].map(([event, list]) => [
      event,
      list.map((t) => [t.target?.map(({ id }) => id), name(t.guard)]),
    ]),
    node.always?.map((t) => [t.target?.map(({ id }) => id), name(t.guard)]),
    node.invoke.map(({ id, src }) => [id, name(src)]),
  ]);
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16);
}

/** The saved state, fit for `type.chart.restore`. Throws `incompatible` (it fits no more) or `corrupt` (it never was a snapshot). */
export function open(type: ActorType, stored: StoredActor): JsonObject {
  const sealed = stored.snapshot as unknown as SnapshotEnvelope;
  if (
    typeof sealed !== 'object' ||
    sealed === null ||
    typeof sealed.state !== 'object' ||
    typeof sealed.hash !== 'string'
  ) {
    throw new TroupeError(
      'corrupt',
      `The snapshot of ${stored.actor} is not one: expected { format, machine, hash, state }. Its bytes are kept; see "troupe doctor".`,
    );
  }
  if (sealed.format !== 1) {
    throw new TroupeError(
      'incompatible',
      `The snapshot of ${stored.actor} has format ${String(sealed.format)}; this version reads format 1. Run it with the version of troupe that wrote it.`,
    );
  }
  if (sealed.hash === type.hash && sealed.machine === type.chart.machine.id && known(type, sealed.state))
    return sealed.state;

  const problems = misfits(type, sealed, stored);
  if (problems.length === 0) return sealed.state;
  if (type.migrate) {
    const state = type.migrate(sealed.state, sealed.hash) as JsonObject;
    const still = misfits(type, { ...sealed, state, machine: type.chart.machine.id }, { ...stored, pending: [] });
    if (still.length === 0) return state;
    problems.push(...still.map((problem) => `after migrate: ${problem}`));
  }
  throw new TroupeError(
    'incompatible',
    `${stored.actor} was written by another machine and does not fit "${type.chart.machine.id}":\n${problems.map((p) => `- ${p}`).join('\n')}\nIt stays as it is. Run it with the version that wrote it, or give its type a migrate().`,
    { data: { actor: stored.actor, problems } },
  );
}

function misfits(type: ActorType, { machine, state }: SnapshotEnvelope, stored: StoredActor): string[] {
  const problems: string[] = [];
  const root = type.chart.machine.root;
  if (machine !== type.chart.machine.id) problems.push(`it is a snapshot of the machine "${machine}"`);
  if (!['active', 'done', 'error', 'stopped'].includes(String(state.status)))
    problems.push(`its status is ${JSON.stringify(state.status)}`);
  problems.push(...strangers(root, state.value ?? null));

  const context = state.context;
  if (typeof context !== 'object' || context === null) problems.push('it has no context');
  else if (type.context) {
    const parsed = type.context.safeParse(context);
    if (!parsed.success)
      problems.push(...parsed.error.issues.map((issue) => `context.${issue.path.join('.')}: ${issue.message}`));
  } else
    problems.push(
      ...missingKeys(type, stored.meta, context as JsonObject).map(
        (key) => `context has no "${key}", which the machine now starts with`,
      ),
    );

  for (const { kind, data } of stored.pending) {
    const { id, src } = data as { id?: string; src?: string };
    if ((kind === 'effect' || kind === 'child') && !Object.hasOwn(type.chart.machine.implementations.actors, src ?? ''))
      problems.push(`"${id}" is running, and its actor "${src}" is gone`);
  }
  return problems;
}

const known = (type: ActorType, state: JsonObject) =>
  strangers(type.chart.machine.root, state.value ?? null).length === 0 &&
  typeof state.status === 'string' &&
  typeof state.context === 'object';

/** States in a value that the machine does not have, and regions it has but the value lacks. */
function strangers(node: AnyStateNode, value: Json): string[] {
  if (typeof value === 'string') return strangers(node, { [value]: null });
  const names = Object.keys(node.states);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return names.length === 0 && value === null
      ? []
      : names.length === 0
        ? [`state "${node.id}" has no states inside`]
        : node.type === 'parallel' || value !== null
          ? [`the value of "${node.id}" is ${JSON.stringify(value)}`]
          : [`state "${node.id}" needs one of ${names.join(', ')}`];
  const given = Object.entries(value as JsonObject);
  if (names.length === 0) return given.length === 0 ? [] : [`state "${node.id}" has no states inside`];
  const gone = given
    .filter(([name]) => !Object.hasOwn(node.states, name))
    .map(([name]) => `state "${name}" is not in "${node.id}" (${names.join(', ')})`);
  const lacking =
    node.type === 'parallel'
      ? names.filter((name) => !Object.hasOwn(value, name)).map((name) => `region "${name}" of "${node.id}" is missing`)
      : [];
  const inner = given.flatMap(([name, rest]) =>
    Object.hasOwn(node.states, name) ? strangers(node.states[name]!, rest ?? null) : [],
  );
  return [...gone, ...lacking, ...inner];
}

function missingKeys(type: ActorType, meta: Json, context: JsonObject): string[] {
  try {
    const [fresh] = type.chart.initial((meta as { input?: Json }).input);
    return Object.keys(fresh.context as object).filter(
      (key) => (fresh.context as JsonObject)[key] !== undefined && !Object.hasOwn(context, key),
    );
  } catch {
    return []; // The machine of today does not even start from that input: the states decide.
  }
}
