/** Who is behind a guardrail, and how work, and words about it, get there: a child for each piece of work, one that stands, or the guardrail below. */
import type { AgentSignal, Budget } from '../../src/contracts/agent.ts';
import type { RunSignal } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work, WorkSignal } from '../../src/contracts/work.ts';
import { failure } from '../failure.ts';
import { inputFor, wordFor, type Membership } from '../member.ts';
import { standingId } from '../run/standing.ts';
import { kinds } from '../treasury/books.ts';
import { belowId, taskId } from './context.ts';
import { change, placesOf, type Draft } from './draft.ts';
import { allowanceFor } from './rules.ts';

/** For whom the work is, of those who are supervised; undefined when there is nobody of that name. */
export function whoFor({ settings: { supervised } }: Pick<Draft, 'settings'>, { to }: Work): string | undefined {
  const names = Object.keys(supervised);
  if (to === undefined) return names.length === 1 ? names[0] : undefined;
  return Object.hasOwn(supervised, to) ? to : undefined;
}

interface Behind {
  readonly id: string;
  readonly who: Membership;
  /** The name that it is provided under; of the guardrail below none is needed. */
  readonly name: string;
}

function behind(draft: Draft, place: number): Behind {
  const { settings, facts } = draft;
  if (settings.below !== undefined) return { id: belowId, who: { kind: 'standing' }, name: settings.below };
  const name = whoFor(draft, facts.passages[place]!.work)!;
  const who: Membership = { kind: kindOf[settings.supervised[name]!] };
  return { id: who.kind === 'standing' ? standingId(name) : taskId(place), who, name };
}
const kindOf = { agent: 'agent', run: 'team', work: 'standing' } as const;

export function handOn(draft: Draft, place: number): void {
  const { settings, facts, deeds } = draft;
  const { work } = facts.passages[place]!;
  const { id, who, name } = behind(draft, place);
  const allowance = allowanceFor(settings, work);
  const grant = allowance === undefined ? {} : { allowance };
  if (settings.below !== undefined) return void deeds.push({ do: 'tell', id, event: { ...work, ...grant } });
  const { message, depth = 0, lease, degrade } = work;
  if (who.kind !== 'standing') {
    const more = { ...(lease === undefined ? {} : { lease }), ...(degrade ? { degrade } : {}) };
    return void deeds.push({
      do: 'start',
      who: name,
      id,
      input: inputFor(who, { ...message, left: allowance ?? {}, depth, ...more }),
    });
  }
  if (!facts.standing.includes(name)) {
    deeds.push({ do: 'start', who: name, id, input: { standing: true } });
    change(draft, { standing: [...facts.standing, name] });
  }
  // It was chosen among those here; behind it there may be others.
  const { to: _, ...rest } = work;
  deeds.push({ do: 'tell', id, event: { ...rest, ...grant } });
}

/** Says it to what is under way, in its own language. */
export function tell(draft: Draft, place: number, word: 'cancel' | 'pause' | 'resume', reason = ''): void {
  const { id, who } = behind(draft, place);
  // Every language has these three words.
  const event = wordFor(who, word, draft.facts.passages[place]!.work.id, reason) as
    AgentSignal | RunSignal | WorkSignal;
  draft.deeds.push({ do: 'tell', id, event });
}

/** Who is there for one piece of work only is let go. */
export function letGo(draft: Draft, place: number): void {
  const { id, who } = behind(draft, place);
  if (who.kind !== 'standing') draft.deeds.push({ do: 'stop', id });
}

const placeOfLease = (draft: Draft, lease: string): number =>
  placesOf(draft, undefined).find((place) => draft.facts.passages[place]!.work.lease === lease) ?? -1;

/** Somebody behind it asks for more than was lent. What this guardrail does not allow need not be asked above. */
export function askAbove(draft: Draft, request: TreasuryLease): void {
  const { settings, facts, deeds } = draft;
  const { rule, name } = settings;
  const place = placeOfLease(draft, request.id);
  if (!facts.passages[place]) return;
  const limits: Budget = rule.kind === 'budget' ? rule.limits : {};
  const what = kinds.find((kind) => (request.wants[kind] ?? 0) > (limits[kind] ?? Infinity));
  if (what === undefined) return void deeds.push({ do: 'answer', event: request });
  const limit = limits[what]!;
  const used = request.used?.[what] ?? 0;
  const reason = failure('budget', `The guardrail "${name}" allows ${limit} ${what}, and that is used up.`, {
    what,
    used,
    limit,
  });
  deeds.push({
    do: 'tell',
    id: behind(draft, place).id,
    event: { type: 'treasury.refused', id: request.id, failure: reason },
  });
}

/** What was granted, as far as this guardrail allows it. */
export function takeAnswer(draft: Draft, word: TreasuryAnswer): void {
  const place = placeOfLease(draft, word.id);
  const passage = draft.facts.passages[place];
  if (passage?.stage !== 'task') return;
  const { work } = passage;
  const event =
    word.type === 'treasury.granted'
      ? { ...word, budget: allowanceFor(draft.settings, { ...work, allowance: word.budget })! }
      : word;
  draft.deeds.push({ do: 'tell', id: behind(draft, place).id, event });
}
