/** What must hold of agents, teams and their money: calls have one result, and what is paid was used. */
import { budgetKinds, budgetOfUsage, type Ledger } from '../../../machines/treasury/ledger.ts';
import type { AgentUsage } from '../../contracts/agent.ts';
import type { Message } from '../../contracts/model.ts';
import type { ActorRow } from '../../journal/journal.ts';
import { storedState } from '../world/storedState.ts';
import { imbalance, tolerance } from './ledgerBalance.ts';
import type { Oracle } from './oracle.ts';

const isA = (machine: string) => (row: ActorRow) => storedState(row).machine === machine;
/** What our own machines stored fits their contracts. */
const usageOf = (row: ActorRow) => (storedState(row).output as { usage?: AgentUsage } | null | undefined)?.usage;
const ledgerOf = (row: ActorRow) => (storedState(row).context as { books?: Ledger } | undefined)?.books;

/** Every call an agent's model made has one result before the model speaks again, and no result is without its call. */
const paired: Oracle = async ({ journal, rows }) => {
  const problems: string[] = [];
  for (const { actor } of rows.filter(isA('agent'))) {
    const open = new Set<string>();
    const close = () => {
      for (const id of open) problems.push(`the call ${id} of ${actor} has no result`);
      open.clear();
    };
    // The list holds what our own machine appended.
    for (const message of (await journal.list(actor, 'transcript')) as unknown as readonly Message[]) {
      if (message.role === 'assistant') {
        close();
        for (const { id } of message.calls) open.add(id);
      }
      if (message.role !== 'tool') continue;
      for (const { id } of message.results)
        if (!open.delete(id)) problems.push(`the result ${id} of ${actor} answers no call, or one that had a result`);
    }
    close();
  }
  return problems;
};

/** The usage of an actor's children; a child that has none of its own (a guardrail, a router) stands for its children. */
const usedBelow = (rows: readonly ActorRow[], actor: string): AgentUsage[] =>
  rows.filter(({ parent }) => parent === actor).flatMap((row) => usageOf(row) ?? usedBelow(rows, row.actor));

/** A team pays for no more than its members used. */
const conserved: Oracle = ({ rows }) =>
  rows.filter(isA('run')).flatMap((team) => {
    const used = usageOf(team);
    if (!used) return [];
    const members = usedBelow(rows, team.actor);
    return (['steps', 'inputTokens', 'outputTokens', 'toolCalls'] as const).flatMap((what) => {
      const sum = members.reduce((total, usage) => total + usage[what], 0);
      return used[what] <= sum ? [] : [`${team.actor} paid for ${used[what]} ${what}, its members used ${sum}`];
    });
  });

/** In a treasurer's ledger, what is used, leased and free make up the budget; and no more is entered as used than the members used. */
const balanced: Oracle = ({ rows }) =>
  rows.filter(isA('treasurer')).flatMap((treasurer) => {
    const ledger = ledgerOf(treasurer);
    if (!ledger) return [];
    const others = rows.filter(({ actor }) => actor !== treasurer.actor);
    const spent = usedBelow(others, treasurer.parent ?? '').map(budgetOfUsage);
    return [
      ...Object.entries(imbalance(ledger)).map(
        ([what, by]) => `the ledger of ${treasurer.actor} does not add up: ${what} differ by ${by}`,
      ),
      ...budgetKinds.flatMap((what) => {
        const sum = spent.reduce((total, usage) => total + (usage[what] ?? 0), 0);
        const used = ledger.used[what] ?? 0;
        return used <= sum + tolerance
          ? []
          : [`${treasurer.actor} entered ${used} ${what} as used, the members used ${sum}`];
      }),
    ];
  });

/** By name. */
export const agentOracles = { paired, conserved, balanced } satisfies Readonly<Record<string, Oracle>>;
