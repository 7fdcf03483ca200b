/** What has no name cannot be shown, covered, migrated or resumed; every name must be declared (E12). */
import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** What XState's own actions and guards were made with. */
export interface BuiltInReference {
  readonly type?: string;
  readonly guards?: readonly unknown[];
  readonly delay?: unknown;
  readonly src?: unknown;
  readonly id?: unknown;
  readonly systemId?: string;
  readonly syncSnapshot?: boolean;
}

/** What an action or a guard was made with: XState keeps it in properties that its types do not show. */
export const builtInReference = (reference: unknown): BuiltInReference =>
  typeof reference === 'function' || (typeof reference === 'object' && reference !== null) ? reference : {};

/** The name of a reference by name, by `{ type }`, or of one of XState's own (`assign`, `and`, …), which carry a type. */
export const nameOf = (reference: unknown): string | undefined =>
  typeof reference === 'string' ? reference : builtInReference(reference).type;

/** What a state refers to that is not declared, or that has no name at all. */
export function undeclaredNames(node: AnyStateNode, machine: AnyStateMachine): string[] {
  const { actors, delays } = machine.implementations;
  const at = `state "${node.id}"`;
  const transitions = [...node.transitions]
    .flatMap(([event, list]) => (event === 'xstate.route' ? [] : list))
    .concat(node.always ?? []);
  const initial = Object.keys(node.states).length > 0 && node.type !== 'parallel' ? node.initial.actions : [];
  const actions = [...transitions.flatMap((transition) => transition.actions), ...node.entry, ...node.exit, ...initial];
  return [
    ...transitions.flatMap(({ guard }) => (guard === undefined ? [] : guardProblems(at, guard, machine))),
    ...actions.flatMap((action) => actionProblems(at, action, machine)),
    ...node.after.flatMap(({ delay }) =>
      typeof delay === 'string' && !Object.hasOwn(delays, delay)
        ? [`${at}: the delay "${delay}" is not declared; XState would fire it at once. Add it to setup({ delays }).`]
        : [],
    ),
    ...node.invoke.flatMap(({ id, src }) => {
      const name = nameOf(src);
      if (typeof name !== 'string' || name.startsWith('xstate.invoke.'))
        return [`${at}: what "${id}" invokes has no name; declare it in setup({ actors }) and use its name as src.`];
      return Object.hasOwn(actors, name)
        ? []
        : [`${at}: the actor "${name}" is not declared; add it to setup({ actors }).`];
    }),
    ...(node.type === 'parallel' && node.config.initial !== undefined
      ? [`${at}: "initial" beside type "parallel" makes XState drop what its regions invoke; remove it.`]
      : []),
  ];
}

function guardProblems(at: string, reference: unknown, machine: AnyStateMachine): string[] {
  const { guards: inner } = builtInReference(reference);
  if (inner) return inner.flatMap((guard) => guardProblems(at, guard, machine));
  if (typeof reference === 'function' && 'check' in reference) return []; // stateIn
  return nameProblems(at, 'guard', machine.implementations.guards, 'guards', reference);
}

function actionProblems(at: string, reference: unknown, machine: AnyStateMachine): string[] {
  const problems = nameProblems(at, 'action', machine.implementations.actions, 'actions', reference);
  return typeof reference === 'function'
    ? [...problems, ...builtInProblems(at, builtInReference(reference), machine)]
    : problems;
}

function nameProblems(at: string, what: string, known: object, plural: string, reference: unknown): string[] {
  const name = nameOf(reference);
  if (name === undefined || name === '(anonymous)')
    return [
      `${at}: ${what === 'action' ? 'an' : 'a'} ${what} has no name; declare it in setup({ ${plural} }) and refer to it by name.`,
    ];
  return name.startsWith('xstate.') || Object.hasOwn(known, name)
    ? []
    : [`${at}: the ${what} "${name}" is not declared; add it to setup({ ${plural} }).`];
}

function builtInProblems(
  at: string,
  { type, delay, src, id }: BuiltInReference,
  { implementations: { actors, delays } }: AnyStateMachine,
): readonly string[] {
  if (typeof delay === 'string' && !Object.hasOwn(delays, delay))
    return [`${at}: the delay "${delay}" is not declared; XState would fire it at once. Add it to setup({ delays }).`];
  if (type !== 'xstate.spawnChild') return none;
  if (typeof src !== 'string')
    return [`${at}: what it spawns has no name; declare it in setup({ actors }) and use its name.`];
  return [
    ...(Object.hasOwn(actors, src) ? [] : [`${at}: the actor "${src}" is not declared; add it to setup({ actors }).`]),
    ...(id === undefined
      ? [`${at}: it spawns "${src}" without an id: after a restart nobody could find it. Give it an id.`]
      : []),
  ];
}

/** What a machine declares under a name. */
export interface Declaration {
  readonly name: string;
  readonly value: unknown;
}

/** Actions and guards may be declared with XState's own, and refer to further names there. */
export function undeclaredInDeclarations(
  { actions, guards }: Readonly<Record<'actions' | 'guards', readonly Declaration[]>>,
  machine: AnyStateMachine,
): string[] {
  const problems: string[] = [];
  for (const { name, value } of actions)
    if (typeof value === 'function')
      problems.push(...builtInProblems(`action "${name}"`, builtInReference(value), machine));
  for (const { name, value } of guards)
    for (const inner of builtInReference(value).guards ?? none)
      problems.push(...guardProblems(`guard "${name}"`, inner, machine));
  return problems;
}

const none: readonly never[] = [];
