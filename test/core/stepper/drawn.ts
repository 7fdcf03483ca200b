/** Machines drawn at random: states in states, and in them everything that XState knows. The numbers decide; without any more numbers everything is at its simplest. */
import {
  and,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
  type AnyEventObject,
  type AnyStateMachine,
} from 'xstate';

/** A machine, and events that mean something to it. */
export interface Drawn {
  readonly machine: AnyStateMachine;
  readonly events: readonly AnyEventObject[];
}

/** Without actors of their own: the children of a step do nothing. */
const kid = setup({}).createMachine({ id: 'kid', initial: 'on', states: { on: {} } });
const work = fromPromise(async () => 1);

interface Context {
  readonly n: number;
  readonly words: readonly string[];
}
interface Given {
  readonly context: Context;
  readonly event: AnyEventObject;
}
/** A state before it has transitions. */
interface Sketch {
  readonly id: string;
  readonly key: string;
  readonly path: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly inside: Sketch[];
  readonly config: Record<string, unknown>;
}

/** Reads one number after the other; 0 when there are none left. */
function chooser(numbers: readonly number[]) {
  let next = 0;
  const below = (limit: number): number => (numbers[next++] ?? 0) % limit;
  return {
    below,
    /** True in one of so many cases. */
    rarely: (many: number): boolean => below(many) === many - 1,
    oneOf: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    /** Up to `most` of them. */
    some: <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make),
  };
}

const keys = ['a', 'b', '1', 'c', '0'];
const words = ['go', 'back', 'a.b', 'a.b.c', 'a'];
const descriptors = [...words, '*', 'a.*', 'a.b.*'];
const children = ['one', 'two'];

export function drawnMachine(numbers: readonly number[]): Drawn {
  const { below, rarely, oneOf, some } = chooser(numbers);
  const sketches: Sketch[] = [];
  const events = new Map<string, AnyEventObject>(words.map((type, n) => [type, { type, n }]));
  const add = (event: AnyEventObject) => void events.set(JSON.stringify(event), event);

  const sketch = (key: string, above: string, depth: number): Sketch => {
    const isRoot = above === '';
    const path = isRoot ? key : `${above}.${key}`;
    const id = !isRoot && rarely(5) ? `id${sketches.length}` : path;
    const type =
      depth > 2
        ? oneOf(['atomic', 'final'] as const)
        : oneOf(['compound', 'atomic', 'parallel', 'compound', 'atomic', 'final'] as const);
    const own: Sketch = {
      id,
      key,
      path,
      type: isRoot && type === 'final' ? 'compound' : type,
      inside: [],
      config: id === path ? {} : { id },
    };
    sketches.push(own);
    if (own.type === 'compound' || own.type === 'parallel') {
      for (const inner of keys.slice(0, 1 + below(3))) own.inside.push(sketch(inner, path, depth + 1));
      if (rarely(3)) {
        const history: Sketch = {
          id: `${path}.past`,
          key: 'past',
          path: `${path}.past`,
          type: 'history',
          inside: [],
          config: { type: 'history', history: oneOf(['shallow', 'deep']) },
        };
        if (rarely(3)) history.config.target = own.inside[below(own.inside.length)]?.key;
        own.inside.push(history);
        sketches.push(history);
      }
    }
    return own;
  };

  const target = () => {
    const histories = sketches.filter(({ type }) => type === 'history');
    return `#${oneOf(histories.length > 0 && rarely(3) ? histories : sketches).id}`;
  };
  const params = () => oneOf([undefined, { step: 2 }, ({ context }: Given) => ({ step: context.n })]);

  const guard = (depth = 0): unknown =>
    [
      () => 'isEven',
      () => ({ type: 'isAbove', params: oneOf([{ least: 2 }, ({ context }: Given) => ({ least: context.n - 1 })]) }),
      () =>
        ({ context }: Given) =>
          context.n < 4,
      () => stateIn(target() as never),
      () => 'isBoth',
      () => (depth > 1 ? 'isEven' : not(guard(depth + 1) as never)),
      () => (depth > 1 ? 'isEven' : and([guard(depth + 1), guard(depth + 1)] as never)),
      () => (depth > 1 ? 'isEven' : or([guard(depth + 1), guard(depth + 1)] as never)),
      () => (rarely(6) ? 'throws' : 'isEven'),
      () => (rarely(6) ? 'missing' : 'isEven'),
    ][below(10)]?.();

  const action = (depth = 0): unknown => {
    const later = oneOf(words);
    return [
      () => 'count',
      () => ({ type: 'addBy', params: params() }),
      () => 'note',
      () =>
        assign({ n: ({ context }: Given) => (context.n + 3) % 7, words: ({ event }: Given) => [event.type] } as never),
      () => raise({ type: oneOf(words) } as never),
      () =>
        raise(
          (({ context }: Given) => ({ type: later, n: context.n })) as never,
          { id: 'later', delay: oneOf<unknown>([10, 'soon', () => 20]) } as never,
        ),
      () => cancel(oneOf<unknown>(['later', () => 'later']) as never),
      () => sendTo(oneOf(children), (({ context }: Given) => ({ type: 'hello', n: context.n })) as never),
      () =>
        sendTo(
          (({ self }: { self: unknown }) => self) as never,
          { type: 'self' } as never,
          { delay: oneOf<unknown>([undefined, 5]) } as never,
        ),
      () => sendParent({ type: 'up' } as never),
      () => emit((({ context }: Given) => ({ type: 'news', n: context.n })) as never),
      () => log((({ context }: Given) => context.n) as never, oneOf([undefined, 'n'])),
      () =>
        spawnChild(
          oneOf(['kid', 'work']) as never,
          {
            id: oneOf<unknown>([...children, ({ context }: Given) => `child${context.n % 2}`]),
            input: oneOf<unknown>([undefined, 1, ({ context }: Given) => context.n]),
          } as never,
        ),
      () => stopChild(oneOf<unknown>([...children, ({ context }: Given) => `child${context.n % 2}`]) as never),
      () =>
        assign(
          (({ context, spawn }: Given & { spawn: (src: string, options: object) => unknown }) => (
            spawn('kid', { id: 'two' }),
            { n: context.n }
          )) as never,
        ),
      () => many(depth),
      () => ({ type: 'undeclared', params: { x: 1 } }),
      () => function named() {},
      () => 'spawnAndCount',
    ][below(19)]?.();
  };
  const many = (depth: number): unknown => {
    if (depth > 1) return 'count';
    const inner = some(2, () => action(depth + 1));
    const asked = guard(1);
    return enqueueActions((({
      enqueue,
      check,
      context,
    }: {
      enqueue: ((a: unknown) => void) & { assign(a: object): void; raise(e: object): void };
      check(g: unknown): boolean;
      context: Context;
    }) => {
      for (const each of inner) enqueue(each);
      if (check(asked)) enqueue.assign({ n: (context.n + 1) % 7 });
      else enqueue('note');
    }) as never);
  };
  const actions = (most: number) => some(most, () => action());

  const transition = (mustBeGuarded = false): Record<string, unknown> => ({
    ...(rarely(4) ? {} : { target: rarely(5) ? [target(), target()] : target() }),
    ...(mustBeGuarded || rarely(3) ? { guard: guard() } : {}),
    ...(rarely(3) ? { reenter: true } : {}),
    actions: actions(2),
  });
  const list = (): unknown => (rarely(3) ? [transition(), transition()] : transition());

  const invoke = ({ id }: Sketch, index: number): Record<string, unknown> => {
    const own = rarely(2) ? oneOf(children) : undefined;
    const name = own ?? `${index}.${id}`;
    add({ type: `xstate.done.actor.${name}`, output: 1, actorId: name });
    add({ type: `xstate.error.actor.${name}`, error: new Error('failed'), actorId: name });
    return {
      src: oneOf<unknown>(['work', 'kid', work, 'unknown']),
      ...(own ? { id: own } : {}),
      ...(rarely(2) ? { input: ({ context }: Given) => context.n } : {}),
      ...(rarely(2) ? { onDone: list() } : {}),
      ...(rarely(3) ? { onError: list() } : {}),
      ...(rarely(8) ? { onSnapshot: transition() } : {}),
    };
  };

  const fill = (own: Sketch): Record<string, unknown> => {
    const { id, type, inside, config } = own;
    if (type === 'history') return config;
    if (inside.length > 0) config.states = Object.fromEntries(inside.map((each) => [each.key, fill(each)]));
    if (type === 'compound') {
      const first = inside[below(inside.length)]?.key ?? 'a';
      const initial = first === 'past' ? (inside[0]?.key ?? 'a') : first;
      config.initial = rarely(3) ? { target: initial, actions: actions(2) } : initial;
    }
    if (type === 'parallel' || type === 'final') config.type = type;
    if (rarely(2)) config.tags = some(2, () => oneOf(['red', 'blue']));
    if (rarely(2)) config.entry = actions(2);
    if (rarely(2)) config.exit = actions(2);
    if (type === 'final') {
      if (rarely(2)) config.output = oneOf<unknown>([5, ({ context, event }: Given) => [context.n, event.type]]);
      return config;
    }
    if (!rarely(3))
      config.on = Object.fromEntries(some(4, () => [oneOf(descriptors), rarely(12) ? undefined : list()] as const));
    if (rarely(5)) config.always = some(2, () => transition(!rarely(20)));
    if (rarely(4)) {
      const delay = oneOf<string>(['soon', '50']);
      config.after = { [delay]: list() };
      add({ type: `xstate.after.${delay}.${id}` });
    }
    if (rarely(3)) config.invoke = rarely(3) ? [invoke(own, 0), invoke(own, 1)] : invoke(own, 0);
    if (rarely(3) && (type === 'compound' || type === 'parallel')) config.onDone = list();
    if (id.startsWith('id') && rarely(2)) {
      config.route = rarely(2) ? { guard: guard() } : {};
      add({ type: 'xstate.route', to: `#${id}` });
    }
    return config;
  };

  const root = sketch('m', '', 0);
  const config = fill(root);
  if (rarely(2)) config.output = ({ context, event }: Given) => ({ n: context.n, by: event });
  add({ type: 'unheard' });
  if (rarely(10)) add({ type: 'xstate.error.actor.nobody', error: new Error('nobody'), actorId: 'nobody' });
  if (rarely(20)) add({ type: 'xstate.stop' });

  const machine = createMachine({
    ...config,
    id: 'm',
    context: rarely(2)
      ? { n: 1, words: [] }
      : ({ input, spawn }: { input: number; spawn: (src: string, options: object) => unknown }) => {
          if (input === 2) spawn('kid', { id: 'one' });
          return { n: input, words: [] };
        },
    options: { maxIterations: 40 },
  } as never).provide({
    actors: { kid, work },
    delays: { soon: ({ context }: Given) => context.n },
    guards: {
      isEven: ({ context }: Given) => context.n % 2 === 0,
      isAbove: ({ context }: Given, { least }: { least: number }) => context.n > least,
      isBoth: and(['isEven', { type: 'isAbove', params: { least: 1 } }] as never),
      throws: () => {
        throw new Error('the guard throws');
      },
    },
    actions: {
      count: assign({ n: ({ context }: Given) => (context.n + 1) % 7 } as never),
      addBy: assign((({ context }: Given, given?: { step: number }) => ({
        n: (context.n + (given?.step ?? 1)) % 7,
      })) as never),
      note: () => {},
      spawnAndCount: enqueueActions((({ enqueue }: { enqueue: (a: unknown) => void }) => {
        enqueue('count');
        enqueue(spawnChild('work' as never, { id: 'one' } as never));
      }) as never),
    },
  } as never) as unknown as AnyStateMachine;
  return { machine, events: [...events.values()] };
}
