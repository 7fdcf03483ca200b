/**
 * Several sources of tools as one.
 *
 * TC1 Every name is unique, is valid for every provider, and does not change when another source joins (`toolNames.ts` says how it is made).
 * TC2 The epoch rises when the list of a source changed, went away or came back, and at no other time.
 * TC3 A source that cannot be listed leaves the others usable. `missing` gives the failure of a source that is not optional, `problems` every other
 *    problem.
 * TC4 A call of a tool that does not exist is a TroupeError `tool` that names the nearest ones. A call of a source that cannot be listed is that
 *    source's failure.
 */
import { toFailure, fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { CallNote } from '../contracts/health.ts';
import type { Json } from '../values/json.ts';
import type { ToolInfo } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { sanitizeTools } from './sanitize.ts';
import { annotate } from './annotations.ts';
import { didYouMean, hashedName, isSourceName, modelName, sourceNameRule } from './toolNames.ts';

/** Which tools to list. */
export interface ToolFilter {
  /** Only these: names as a model sees them, `server/tool`, or `server/*`; all by default. */
  readonly allow?: readonly string[];
}

/** A source made of sources: its names are the ones a model sees. */
export interface Catalog extends ToolSource {
  /** Rises with every change of the list. */
  readonly epoch: number;
  /** The tools of all sources, by the names that a model sees. */
  list(signal: AbortSignal, filter?: ToolFilter): Promise<readonly ToolInfo[]>;
  /** Why a source that is not optional is missing. */
  missing(): Failure | undefined;
  /** All other problems of the sources. */
  problems(filter?: ToolFilter): readonly Failure[];
}

interface Route {
  readonly source: ToolSource;
  /** What its source calls it. */
  readonly tool: string;
  readonly info: ToolInfo;
}

/** What is known of one source. */
interface Shelf {
  readonly source: ToolSource;
  tools: readonly ToolInfo[];
  problems: readonly Failure[];
  /** Why it could not be listed. */
  failure: Failure | undefined;
  /** Counts changes; `listed` is the count at the last list. Different means: list again. */
  version: number;
  listed: number;
}

/** Makes one source of several. Disposing it disposes them. */
export function catalog(sources: readonly ToolSource[]): Catalog {
  const shelves = sources.map((source): Shelf => ({
    source,
    tools: [],
    problems: [],
    failure: undefined,
    version: 0,
    listed: -1,
  }));
  requireNames(sources);
  const listeners = new Set<() => void>();
  let routes: ReadonlyMap<string, Route> = new Map();
  let epoch = 0;

  const rise = () => {
    epoch++;
    for (const changed of listeners) changed();
  };
  const watching = shelves.map((shelf) =>
    shelf.source.onChange(() => {
      shelf.version++;
      rise();
    }),
  );

  /** Lists again what changed or failed; what others listed meanwhile is not overwritten by something older. */
  async function refresh(signal: AbortSignal): Promise<void> {
    const due = shelves.filter((shelf) => shelf.listed !== shelf.version || shelf.failure);
    await Promise.all(due.map((shelf) => refreshShelf(shelf, signal, rise)));
    if (due.length > 0) routes = routesOf(shelves);
  }

  async function find(name: string, signal: AbortSignal): Promise<Route> {
    const known = routes.get(name);
    if (known) return known;
    await refresh(signal);
    const found = routes.get(name);
    if (found) return found;
    const missing = shelves.find(({ source, failure }) => failure && name.startsWith(modelName(source.name, '')));
    if (missing?.failure) throw annotate(fromFailure(missing.failure), { sent: false });
    const shown = name.slice(0, 80);
    throw new TroupeError('tool', `There is no tool "${shown}".${didYouMean(name, [...routes.keys()])}`, {
      data: { tool: shown },
    });
  }

  return {
    name: 'catalog',
    get epoch() {
      return epoch;
    },
    async list(signal, filter = {}) {
      await refresh(signal);
      return [...routes.values()].filter((route) => passes(route, filter)).map(({ info }) => info);
    },
    async call(name: string, input: Json, scope: ToolScope) {
      const { source, tool } = await find(name, scope.signal);
      return toldOf(source.name, scope, () => source.call(tool, input, scope));
    },
    async reconcile(name, input, scope) {
      const { source, tool } = await find(name, scope.signal);
      return source.reconcile?.(tool, input, scope);
    },
    idempotent(name) {
      const route = routes.get(name);
      return route !== undefined && route.source.idempotent(route.tool);
    },
    missing: () => shelves.find(({ source, failure }) => failure && source.optional !== true)?.failure,
    problems: ({ allow = [] } = {}) => [
      ...shelves.flatMap(({ source, failure, problems }) => (!failure ? problems : source.optional ? [failure] : [])),
      ...allow.filter((name) => ![...routes.values()].some((route) => isAllowed(route, [name]))).map(allowsNothing),
    ],
    onChange(changed) {
      const listener = () => changed();
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      for (const watch of watching) watch[Symbol.dispose]();
      listeners.clear();
      await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
    },
  };
}

/** Reports how a call of a source ended. */
async function toldOf<T>(name: string, { clock, progress }: ToolScope, call: () => Promise<T>): Promise<T> {
  const began = clock.now();
  const tell = (more: Pick<CallNote, 'failure'>) =>
    progress({ type: 'call', kind: 'tools', name, took: clock.now() - began, ...more } satisfies CallNote as Json);
  try {
    const output = await call();
    tell({});
    return output;
  } catch (thrown) {
    tell({ failure: toFailure(thrown) });
    throw thrown;
  }
}

async function refreshShelf(shelf: Shelf, signal: AbortSignal, changed: () => void): Promise<void> {
  const { source, version } = shelf;
  const wasFailing = shelf.listed < 0 ? undefined : shelf.failure !== undefined;
  const listed = await source.list(signal).then(
    (infos) => admitted(source, infos),
    (error: unknown) => ({ failure: toFailure(error) }),
  );
  // Stopped by its caller: that says nothing about the source.
  if (signal.aborted && 'failure' in listed) throw fromFailure(listed.failure);
  if (shelf.listed > version) return;
  shelf.listed = version;
  if ('failure' in listed) {
    Object.assign(shelf, { tools: [], problems: [], failure: listed.failure });
  } else {
    Object.assign(shelf, { ...listed, failure: undefined });
  }
  const fails = shelf.failure !== undefined;
  if (wasFailing !== undefined && wasFailing !== fails) changed();
}

function admitted(source: ToolSource, infos: readonly ToolInfo[]) {
  try {
    const { tools, problems } = sanitizeTools(source.name, infos);
    return { tools, problems: [...(source.problems?.() ?? []), ...problems] };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

/** A name that is taken by then is made unique by a hash: the first source in order keeps the plain one. */
function routesOf(shelves: readonly Shelf[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { source, tools } of shelves) {
    for (const info of tools) {
      const plain = modelName(source.name, info.name);
      const name = routes.has(plain) ? hashedName(source.name, info.name) : plain;
      routes.set(name, { source, tool: info.name, info: { ...info, name } });
    }
  }
  return routes;
}

const passes = (route: Route, { allow }: ToolFilter): boolean => !allow || isAllowed(route, allow);

const isAllowed = ({ source, tool, info }: Route, allow: readonly string[]): boolean =>
  [info.name, `${source.name}/${tool}`, `${source.name}/*`].some((name) => allow.includes(name));

const allowsNothing = (name: string): Failure =>
  toFailure(
    new TroupeError(
      'tool',
      `"allow" names ${JSON.stringify(name.slice(0, 80))}, and there is no such tool. Write a name as the model sees it, "server/tool" or "server/*".`,
    ),
  );

function requireNames(sources: readonly ToolSource[]): void {
  const seen = new Set<string>();
  for (const { name } of sources) {
    if (!isSourceName(name)) {
      throw new TroupeError(
        'definition',
        `A source of tools is named by ${sourceNameRule}; got ${JSON.stringify(String(name).slice(0, 80))}.`,
      );
    }
    if (seen.has(name)) {
      throw new TroupeError(
        'definition',
        `Two sources of tools are named "${name}". Give each its own name; put our own tools into one localTools([...]).`,
      );
    }
    seen.add(name);
  }
}
