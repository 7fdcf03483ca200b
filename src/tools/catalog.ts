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
import { contain } from '../values/contain.ts';
import { toFailure, fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { CallNote } from '../contracts/health.ts';
import type { Json } from '../values/json.ts';
import type { ToolInfo } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { sanitizeTools } from './sanitize.ts';
import { annotate } from './annotations.ts';
import { didYouMean, hashedName, isSourceName, modelName, sourceNameRule } from './toolNames.ts';
import { cutText } from '../values/text.ts';

/** Which tools to list. */
export interface ToolFilter {
  /** Only these: names as a model sees them, `server/tool`, or `server/*`; all by default. */
  readonly allow?: readonly string[];
}

/** A source made of sources: its names are the ones a model sees. */
export interface Catalog extends ToolSource {
  /** Rises with every change of the list. */
  readonly epoch: number;
  /** The tools of all sources, by the names that a model sees: the same list, which must not be changed, until something changes. */
  list(signal: AbortSignal, filter?: ToolFilter): Promise<readonly ToolInfo[]>;
  /** Why a source that is not optional is missing. */
  missing(): Failure | undefined;
  /** The sources that are being listed now and have not answered. */
  waitingFor(): readonly string[];
  /** All other problems of the sources. */
  problems(filter?: ToolFilter): readonly Failure[];
}

interface Route {
  readonly source: ToolSource;
  /** What its source calls it. */
  readonly tool: string;
  readonly info: ToolInfo;
}

/** One source, with its latest list or the failure to list it. */
interface SourceState {
  readonly source: ToolSource;
  tools: readonly ToolInfo[];
  problems: readonly Failure[];
  /** Why it could not be listed. */
  failure: Failure | undefined;
  /** How many of its lists are under way. */
  listing: number;
  /** `version` counts the changes, `listed` is its value at the last list: when they differ, the source is listed again. */
  version: number;
  listed: number;
}

/** Makes one source of several. Disposing it disposes them. */
export function catalog(sources: readonly ToolSource[]): Catalog {
  const states = sources.map((source): SourceState => ({
    source,
    tools: [],
    problems: [],
    failure: undefined,
    listing: 0,
    version: 0,
    listed: -1,
  }));
  requireNames(sources);
  const listeners = new Set<() => void>();
  let routes: ReadonlyMap<string, Route> = new Map();
  /** What was listed of these routes, by `allow`: the same list as long as nothing has changed. */
  let lists = new WeakMap<object, readonly ToolInfo[]>();
  let epoch = 0;

  const raiseEpoch = () => {
    epoch++;
    for (const changed of listeners) contain('A change of tools', changed);
  };
  const watching = states.map((state) =>
    state.source.onChange(() => {
      state.version++;
      raiseEpoch();
    }),
  );

  /** Lists each source again that has changed or failed. A list that another caller got meanwhile is not overwritten by an older one. */
  async function refresh(signal: AbortSignal): Promise<void> {
    const due = states.filter((state) => state.listed !== state.version || state.failure);
    if (due.length === 0) return;
    await Promise.all(due.map((state) => refreshSource(state, signal, raiseEpoch)));
    routes = routesOf(states);
    lists = new WeakMap();
  }

  async function find(name: string, signal: AbortSignal): Promise<Route> {
    await refresh(signal);
    const found = routes.get(name);
    if (found) return found;
    const missing = states.find(({ source, failure }) => failure && name.startsWith(modelName(source.name, '')));
    if (missing?.failure) throw annotate(fromFailure(missing.failure), { sent: false });
    const shown = cutText(name, 80);
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
      const { allow = everything } = filter;
      const known = lists.get(allow);
      if (known) return known;
      const listed = [...routes.values()].filter((route) => passes(route, filter)).map(({ info }) => info);
      lists.set(allow, Object.freeze(listed));
      return listed;
    },
    async call(name: string, input: Json, scope: ToolScope) {
      const { source, tool } = routes.get(name) ?? (await find(name, scope.signal));
      return reportingCall(source.name, scope, () => source.call(tool, input, scope));
    },
    async reconcile(name, input, scope) {
      const { source, tool } = routes.get(name) ?? (await find(name, scope.signal));
      return source.reconcile?.(tool, input, scope);
    },
    idempotent(name) {
      const route = routes.get(name);
      return route !== undefined && route.source.idempotent(route.tool);
    },
    waitingFor: () => states.flatMap(({ source, listing }) => (listing > 0 ? [source.name] : [])),
    missing: () => states.find(({ source, failure }) => failure && source.optional !== true)?.failure,
    problems: ({ allow = [] } = {}) => [
      ...states.flatMap(({ source, failure, problems }) => (!failure ? problems : source.optional ? [failure] : [])),
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

/** Stands for a filter that lets all tools through. */
const everything = {};

/** Reports how a call of a source ended. */
async function reportingCall<T>(name: string, { clock, progress }: ToolScope, call: () => Promise<T>): Promise<T> {
  const began = clock.now();
  const report = (more: Pick<CallNote, 'failure'>) =>
    progress({ type: 'call', kind: 'tools', name, took: clock.now() - began, ...more } satisfies CallNote as Json);
  try {
    const output = await call();
    report({});
    return output;
  } catch (thrown) {
    report({ failure: toFailure(thrown) });
    throw thrown;
  }
}

async function refreshSource(state: SourceState, signal: AbortSignal, changed: () => void): Promise<void> {
  const { source, version } = state;
  const wasFailing = state.listed < 0 ? undefined : state.failure !== undefined;
  state.listing++;
  const listed = await source.list(signal).then(
    (infos) => sanitized(source, infos),
    (error: unknown) => ({ failure: toFailure(error) }),
  );
  state.listing--;
  // Stopped by its caller: that says nothing about the source.
  if (signal.aborted && 'failure' in listed) throw fromFailure(listed.failure);
  if (state.listed > version) return;
  state.listed = version;
  if ('failure' in listed) {
    Object.assign(state, { tools: [], problems: [], failure: listed.failure });
  } else {
    Object.assign(state, { ...listed, failure: undefined });
  }
  const fails = state.failure !== undefined;
  if (wasFailing !== undefined && wasFailing !== fails) changed();
}

function sanitized(source: ToolSource, infos: readonly ToolInfo[]) {
  try {
    const { tools, problems } = sanitizeTools(source.name, infos);
    return { tools, problems: [...(source.problems?.() ?? []), ...problems] };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

/** The tools by the name that a model sees. When two have the same name, the first source keeps it, and the other name gets a hash. */
function routesOf(states: readonly SourceState[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { source, tools } of states) {
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
      `"allow" names ${JSON.stringify(cutText(name, 80))}, and there is no such tool. Write a name as the model sees it, "server/tool" or "server/*".`,
    ),
  );

function requireNames(sources: readonly ToolSource[]): void {
  const seen = new Set<string>();
  for (const { name } of sources) {
    if (!isSourceName(name)) {
      throw new TroupeError(
        'definition',
        `A source of tools is named by ${sourceNameRule}; got ${JSON.stringify(cutText(String(name), 80))}.`,
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
