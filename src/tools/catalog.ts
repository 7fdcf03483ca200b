/**
 * Several sources of tools as one.
 *
 * TC1 Every name is unique, is valid for every provider, and does not change when another source joins (`toolNames.ts` says how it is made).
 * TC2 The epoch rises when the list of a source changed, went away or came back, and at no other time.
 * TC3 A source that cannot be listed leaves the others usable. `missing` gives the failure of a source that is not optional, `problems` every other
 *    problem.
 * TC4 A call of a tool that does not exist is a TroupeError `tool` that names the nearest ones. A call of a source that cannot be listed is that
 *    source's failure.
 * TC5 A source is listed when its tools are there, for every caller in the same moment: who comes while another one lists gets the tools, too.
 */
import { contain } from '../values/contain.ts';
import { toFailure, fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { CallNote } from '../contracts/health.ts';
import type { Json } from '../values/json.ts';
import type { ToolInfo } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { askSource, takeAnswer, unlistedSource, type ListedSource } from './listedSource.ts';
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

/** Makes one source of several. Disposing it disposes them. */
export function catalog(sources: readonly ToolSource[]): Catalog {
  const states = sources.map(unlistedSource);
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

  /** Lists each source again that has changed or failed. All answers are taken in one moment, with what follows from them (TC5). */
  async function refresh(signal: AbortSignal): Promise<void> {
    const due = states.filter((state) => state.listed !== state.version || state.latest.failure);
    if (due.length === 0) return;
    const answered = await Promise.all(due.map((state) => askSource(state, signal)));
    const changes = answered.filter(takeAnswer);
    routes = routesOf(states);
    lists = new WeakMap();
    for (const _ of changes) raiseEpoch();
  }

  async function find(name: string, signal: AbortSignal): Promise<Route> {
    await refresh(signal);
    const found = routes.get(name);
    if (found) return found;
    const missing = states.find(({ source, latest }) => latest.failure && name.startsWith(modelName(source.name, '')));
    if (missing?.latest.failure) throw annotate(fromFailure(missing.latest.failure), { sent: false });
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
    missing: () => states.find(({ source, latest }) => latest.failure && source.optional !== true)?.latest.failure,
    problems: ({ allow = [] } = {}) => [
      ...states.flatMap(({ source, latest: { failure, problems } }) =>
        !failure ? problems : source.optional ? [failure] : [],
      ),
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

/** The tools by the name that a model sees. When two have the same name, the first source keeps it, and the other name gets a hash. */
function routesOf(states: readonly ListedSource[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { source, latest } of states) {
    for (const info of latest.tools) {
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
