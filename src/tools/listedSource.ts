/** One source of a catalog, with its latest list or the failure to list it. */
import { fromFailure, toFailure, type Failure } from '../values/failure.ts';
import type { ToolInfo } from '../contracts/model.ts';
import type { ToolSource } from '../contracts/tool.ts';
import { sanitizeTools } from './sanitize.ts';

/** What a source gave when it was listed. */
interface SourceList {
  readonly tools: readonly ToolInfo[];
  readonly problems: readonly Failure[];
  /** Why it could not be listed. */
  readonly failure: Failure | undefined;
}

/** A source, with what is known of it. */
export interface ListedSource {
  readonly source: ToolSource;
  /** Its latest list. */
  latest: SourceList;
  /** How many of its lists are under way. */
  listing: number;
  /** `version` counts the changes, `listed` is its value at the last list: when they differ, the source is listed again. */
  version: number;
  listed: number;
  /** How many answers came, and the number of the one that is kept. */
  answers: number;
  kept: number;
}

/** What a source has answered, before anybody sees it. */
export interface SourceAnswer {
  readonly state: ListedSource;
  readonly list: SourceList;
  /** The version that was asked for. */
  readonly version: number;
  /** Its number among the answers of the source. */
  readonly number: number;
}

/** A source that was not listed yet. */
export const unlistedSource = (source: ToolSource): ListedSource => ({
  source,
  latest: { tools: [], problems: [], failure: undefined },
  listing: 0,
  version: 0,
  listed: -1,
  answers: 0,
  kept: 0,
});

/** Lists a source. Rejects when its caller stopped it; nothing of the answer is seen before `takeAnswer`. */
export async function askSource(state: ListedSource, signal: AbortSignal): Promise<SourceAnswer> {
  const { source, version } = state;
  state.listing++;
  const list = await source.list(signal).then(
    (infos) => sanitized(source, infos),
    (error: unknown) => unavailable(error),
  );
  state.listing--;
  // Stopped by its caller: that says nothing about the source.
  if (signal.aborted && list.failure) throw fromFailure(list.failure);
  return { state, list, version, number: ++state.answers };
}

/** Keeps an answer, unless another caller got a newer one meanwhile. True when the source went away with it, or came back. */
export function takeAnswer({ state, list, version, number }: SourceAnswer): boolean {
  if (state.listed > version || state.kept > number) return false;
  const changed = state.listed >= 0 && isAvailable(state.latest) !== isAvailable(list);
  Object.assign(state, { latest: list, listed: version, kept: number });
  return changed;
}

const isAvailable = ({ failure }: SourceList): boolean => failure === undefined;

const unavailable = (error: unknown): SourceList => ({ tools: [], problems: [], failure: toFailure(error) });

function sanitized(source: ToolSource, infos: readonly ToolInfo[]): SourceList {
  try {
    const { tools, problems } = sanitizeTools(source.name, infos);
    return { tools, problems: [...(source.problems?.() ?? []), ...problems], failure: undefined };
  } catch (error) {
    return unavailable(error);
  }
}
