/** Which work of which guardrail an actor works for: computed from the commits of a run. */
import type { Inspection } from '../contracts/inspection.ts';
import { actorKeyOf, type Address } from '../values/ids.ts';
import { propertiesOf } from '../values/properties.ts';

type Commit = Extract<Inspection, { type: 'commit' }>;

/** A piece of work that has left a guardrail. */
export interface GoneWork {
  readonly slot: number | undefined;
  /** Its id; undefined when only its place is known, because an earlier process saw it begin. */
  readonly id: string | undefined;
  /** Nothing else is under way there. */
  readonly last: boolean;
}

/** The actors of a run, as far as guardrails need them. */
export interface WorkTree {
  /** Learns from a commit who its actor is. */
  learn(commit: Commit): void;
  /** Forgets actors that have ended. Call it when nothing is held for any of them. */
  forgetEnded(): void;
  /** The work that has left the guardrail with this commit; `judged` are the ids of work that it has judged. Call it before `learn`. */
  gone(commit: Commit, judged: readonly string[]): readonly GoneWork[];
  /**
   * Whether something at an actor belongs to this work: `yes`, `no`, `perhaps` when several are under way and nothing says which; `below`: yes or perhaps, but
   * a guardrail in between still has it.
   */
  belongs(
    one: { readonly at: Address; readonly work: string | undefined },
    guardrail: Address,
    work: Pick<GoneWork, 'slot' | 'id'>,
  ): 'yes' | 'no' | 'perhaps' | 'below';
}

/** The ids of the work that a guardrail has, by slot. */
function worksIn({ context }: Commit): readonly (string | undefined)[] {
  const { passages } = propertiesOf(context);
  if (!Array.isArray(passages)) return [];
  return passages.map((each) => {
    const { id } = propertiesOf(propertiesOf(each).work);
    return typeof id === 'string' ? id : undefined;
  });
}

export function workTree(): WorkTree {
  const parents = new Map<Address, Address | undefined>();
  const works = new Map<Address, readonly (string | undefined)[]>();

  const ended = new Set<Address>();

  return {
    learn(commit) {
      parents.set(commit.actor, commit.parent);
      if (commit.status !== 'active') ended.add(commit.actor);
      if (commit.machine === 'guardrail') works.set(commit.actor, worksIn(commit));
    },
    forgetEnded() {
      for (const actor of ended) {
        parents.delete(actor);
        works.delete(actor);
      }
      ended.clear();
    },
    gone(commit, judged) {
      const now = worksIn(commit);
      const before = works.get(commit.actor);
      const last = now.every((id) => id === undefined);
      if (!before) return endedBy(commit, judged, now).map((one) => ({ ...one, last }));
      return before.flatMap((id, slot) => (id !== undefined && now[slot] !== id ? [{ slot, id, last }] : []));
    },
    belongs({ at, work }, guardrail, { slot, id }) {
      let isBelow = false;
      for (let actor: Address | undefined = at; actor !== undefined; actor = parents.get(actor)) {
        const parent = parents.get(actor);
        if (parent !== guardrail) {
          if (parent !== undefined && works.has(parent)) isBelow = true;
          continue;
        }
        const own = slotOf(actor);
        const isKnown = actor === at && work !== undefined && id !== undefined;
        const isIts = own !== undefined && slot !== undefined ? own === slot : isKnown ? work === id : undefined;
        if (isIts === false) return 'no';
        return isBelow ? 'below' : isIts ? 'yes' : 'perhaps';
      }
      return 'no';
    },
  };
}

/** The work that ended with the first commit that is seen of a guardrail, after a restart: its event says which. */
function endedBy(
  { event: { type, body } }: Commit,
  judged: readonly string[],
  now: readonly (string | undefined)[],
): Omit<GoneWork, 'last'>[] {
  const place = /\.(?:check|task)\.(\d+)$/.exec(type)?.[1];
  const slot = place === undefined ? undefined : Number(place);
  const { id: told } = propertiesOf(body);
  const id = type === 'work.done' && typeof told === 'string' ? told : judged.find((each) => !now.includes(each));
  if (slot === undefined ? id === undefined || now.includes(id) : now[slot] !== undefined) return [];
  return [{ slot, id }];
}

/** The slot of the work that a child of a guardrail does; undefined when its address does not say. */
const slotOf = (child: Address): number | undefined => {
  const slot = /\.task-(\d+)\.[^.]+$/.exec(actorKeyOf(child))?.[1];
  return slot === undefined ? undefined : Number(slot);
};
