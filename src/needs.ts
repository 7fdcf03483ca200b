/** What a definition needs of the machine it runs on: the labels of all agents in it. */
import type { Subject } from './subject.ts';

/** Whoever may have others below, by whatever word. */
interface Nested {
  readonly needs?: readonly string[];
  readonly members?: Readonly<Record<string, Nested>> | readonly { readonly agent: Nested }[];
  readonly subject?: Nested;
  readonly tools?: readonly { readonly subject?: Nested }[];
}

/** In alphabetical order, each once. All members of a run are in one process, so its node needs what any of them needs. */
export const needsOf = (subject: Subject): string[] => [...new Set(within(subject as unknown as Nested))].sort();

const within = ({ needs = [], members = {}, subject, tools = [] }: Nested): string[] => [
  ...needs,
  ...(Array.isArray(members)
    ? (members as readonly { readonly agent: Nested }[]).map(({ agent }) => agent)
    : Object.values(members as Readonly<Record<string, Nested>>)
  ).flatMap(within),
  ...(subject ? within(subject) : []),
  ...tools.flatMap((tool) => (tool.subject ? within(tool.subject) : [])),
];
