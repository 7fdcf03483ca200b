/** What every actor is doing right now, folded from what was seen. Feeds progress lines and lists. */
import type { ActorStatus, Inspection } from '../contracts/inspection.ts';
import type { Failure } from '../contracts/failure.ts';
import { stateWords } from './words.ts';

export interface Standing {
  readonly actor: string;
  readonly run: string;
  readonly parent: string | undefined;
  /** When it was first and last seen to move; milliseconds since the epoch. */
  readonly born: number;
  moved: number;
  state: string;
  status: ActorStatus;
  last: string;
  tags: readonly string[];
  /** Effects under way, by key. */
  readonly doing: Map<string, string>;
  used: Used | undefined;
  failure: Failure | undefined;
  /** What a ticket asks. */
  question: string | undefined;
}

/** What an actor has used up, when it says so in its context. */
export interface Used {
  readonly steps: number;
  readonly tokens: number;
  /** null when a price was not known. */
  readonly usd: number | null;
}

export interface Board {
  /** Returns the actor that the event is about, as it stands now. */
  see(event: Inspection): Standing | undefined;
  readonly standings: ReadonlyMap<string, Standing>;
}

/** Keeps at most `most` actors; those that ended longest ago are forgotten first. */
export function board(most = 1_000): Board {
  const standings = new Map<string, Standing>();

  function see(event: Inspection): Standing | undefined {
    const standing = standings.get(event.actor);
    if (event.type === 'commit') return move(standing ?? join(event), event);
    if (!standing) return undefined;
    if (event.type === 'effect.started') standing.doing.set(event.key, event.name);
    else if (event.type === 'effect.done' || event.type === 'effect.failed' || event.type === 'effect.stopped')
      standing.doing.delete(event.key);
    return standing;
  }

  function join({ actor, run, parent, at }: Extract<Inspection, { type: 'commit' }>): Standing {
    const standing: Standing = {
      actor,
      run,
      parent,
      born: at,
      moved: at,
      state: '',
      status: 'active',
      last: '',
      tags: [],
      doing: new Map(),
      used: undefined,
      failure: undefined,
      question: undefined,
    };
    if (standings.size >= most) forget();
    standings.set(actor, standing);
    return standing;
  }

  function forget(): void {
    const ended = [...standings.values()].find(({ status }) => status !== 'active');
    standings.delete((ended ?? standings.values().next().value!).actor);
  }

  return { see, standings };
}

function move(standing: Standing, event: Extract<Inspection, { type: 'commit' }>): Standing {
  standing.moved = event.at;
  standing.state = stateWords(event.state);
  standing.status = event.status;
  standing.last = event.event.type;
  standing.tags = event.tags;
  standing.failure = event.failure;
  standing.used = usedOf(event.context) ?? standing.used;
  const { ticket } = (event.context ?? {}) as { ticket?: { question?: unknown } };
  if (typeof ticket?.question === 'string') standing.question = ticket.question;
  if (event.status !== 'active') standing.doing.clear();
  return standing;
}

function usedOf(context: unknown): Used | undefined {
  const { used, usage } = (context ?? {}) as { used?: unknown; usage?: unknown };
  const found = (used ?? usage) as
    { steps?: unknown; inputTokens?: unknown; outputTokens?: unknown; usd?: unknown } | undefined;
  if (typeof found?.inputTokens !== 'number' || typeof found.outputTokens !== 'number') return undefined;
  return {
    steps: typeof found.steps === 'number' ? found.steps : 0,
    tokens: found.inputTokens + found.outputTokens,
    usd: typeof found.usd === 'number' ? found.usd : null,
  };
}
