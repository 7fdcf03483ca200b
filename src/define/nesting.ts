/** Checks how deep definitions are nested: teams within teams, and agents that call others. No definition may contain itself. */
import { maxNestingDepth } from '../../machines/member.ts';
import { TroupeError } from '../values/failure.ts';
import type { FlowOptions } from '../flow/flow.ts';
import { kindOf } from './schemas.ts';

/** A definition that may contain others. */
interface Nested {
  readonly kind: string;
  readonly name: string;
  /** By name; of an orchestrator a list. */
  readonly members?: Readonly<Record<string, unknown>> | readonly { readonly agent: unknown }[];
  readonly tools?: readonly unknown[];
  /** Of a flow: what it runs as children. */
  readonly options?: unknown;
}

/** Throws `definition` with the path from the outermost definition to the one that is nested too deep. */
export function requireNesting(subject: Nested, above: readonly Nested[] = []): void {
  const path = [...above, subject];
  const names = path.map(({ name }) => name).join(' > ');
  if (above.includes(subject))
    throw new TroupeError('definition', `"${subject.name}" contains itself: ${names}. Take it out of its own members.`);
  if (above.length > maxNestingDepth)
    throw new TroupeError(
      'definition',
      `Work can be handed on ${maxNestingDepth} levels deep; here it is more: ${names}. Take a level out.`,
    );
  for (const below of belowOf(subject)) requireNesting(below, path);
}

const belowOf = ({ kind, members = {}, tools = [], options }: Nested): Nested[] =>
  [
    ...(isList(members) ? members.map(({ agent }) => agent) : Object.values(members)),
    ...tools.flatMap((tool) => (isDelegate(tool) ? [tool.subject] : [])),
    ...(kind === 'flow' ? ((options as FlowOptions).uses ?? []) : []),
    // The schemas of definitions have checked that members have a kind and a name.
  ] as Nested[];

/** `Array.isArray` leaves readonly arrays out. */
const isList = (value: object): value is readonly { readonly agent: unknown }[] => Array.isArray(value);
const isDelegate = (tool: unknown): tool is { readonly subject: unknown } => kindOf(tool) === 'delegate';
