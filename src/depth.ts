/** Teams within teams, and agents that call others: as deep as work may be handed on, and never in a circle. */
import { maxDepth } from '../machines/member.ts';
import { TroupeError } from './contracts/failure.ts';

/** Whoever may have others below. */
interface Nested {
  readonly kind: string;
  readonly name: string;
  /** By name; of an orchestrator a list. */
  readonly members?: Readonly<Record<string, unknown>> | readonly { readonly agent: unknown }[];
  readonly tools?: readonly unknown[];
}

/** Throws `definition` with the way down. */
export function requireDepth(subject: Nested, above: readonly Nested[] = []): void {
  const way = [...above, subject];
  const names = way.map(({ name }) => name).join(' > ');
  if (above.includes(subject))
    throw new TroupeError('definition', `"${subject.name}" contains itself: ${names}. Take it out of its own members.`);
  if (above.length > maxDepth)
    throw new TroupeError(
      'definition',
      `Work can be handed on ${maxDepth} levels deep; here it is more: ${names}. Take a level out.`,
    );
  for (const below of belowOf(subject)) requireDepth(below, way);
}

const belowOf = ({ members = {}, tools = [] }: Nested): Nested[] => [
  ...((Array.isArray(members) ? members.map(({ agent }) => agent as unknown) : Object.values(members)) as Nested[]),
  ...(tools as { readonly kind?: unknown; readonly subject: Nested }[]).flatMap((tool) =>
    tool.kind === 'delegate' ? [tool.subject] : [],
  ),
];
