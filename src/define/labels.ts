/** The labels that a node must have to run a definition: those of all agents in it. */
import type { Runnable } from './runnable.ts';

/** A definition that may contain others: members, what it guards, or tools that are agents. */
interface Nested {
  readonly needs?: readonly string[];
  readonly members?: Readonly<Record<string, Nested>> | readonly { readonly agent: Nested }[];
  readonly subject?: Nested;
  readonly tools?: readonly { readonly subject?: Nested }[];
}

/** The labels in alphabetical order, each once. All members of a run are in one process, so its node needs what any of them needs. */
export const requiredLabels = (subject: Runnable): string[] =>
  // Definitions are unions of generic types; here only where labels may be counts.
  [...new Set(labelsIn(subject as Nested))].sort();

const labelsIn = ({ needs = [], members = {}, subject, tools = [] }: Nested): string[] => [
  ...needs,
  ...(isList(members) ? members.map(({ agent }) => agent) : Object.values(members)).flatMap(labelsIn),
  ...(subject ? labelsIn(subject) : []),
  ...tools.flatMap((tool) => (tool.subject ? labelsIn(tool.subject) : [])),
];

/** `Array.isArray` leaves readonly arrays out. */
const isList = (value: object): value is readonly { readonly agent: Nested }[] => Array.isArray(value);
