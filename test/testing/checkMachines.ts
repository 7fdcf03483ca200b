/** Machines with one defect each; `isFixed` is the only difference to the correct machine. */
import { agent, effect, machine, offlineModel, protocol, team } from 'troupe';
import { engineActions, waitMachine, type MessageMeta } from 'troupe/machines';
import { assign, sendParent, sendTo, setup } from 'xstate';
import { z } from 'zod';

const read = () => effect(() => Promise.resolve(null));
const write = () => effect(() => Promise.resolve(null), { kind: 'write' });

/** A clerk and an archive that each wait for the first message of the other. */
export function circularWait(isFixed = false) {
  const archive = setup({ types: {} as { events: { type: 'file' } } }).createMachine({
    id: 'archive',
    initial: 'listening',
    states: { listening: { on: { file: 'filed' } }, filed: { type: 'final' } },
  });
  return machine(
    setup({ actors: { archive }, actions: { file: sendTo('archive', { type: 'file' }) } }).createMachine({
      id: 'clerk',
      initial: 'waiting',
      states: {
        waiting: { invoke: { src: 'archive', id: 'archive', onDone: 'done' }, ...(isFixed ? { entry: 'file' } : {}) },
        done: { type: 'final' },
      },
    }),
  );
}

/** Retries after every failure, at once and for ever. */
export const endlessRetry = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { tries: number } },
      actors: { fetch: read() },
      guards: { mayRetry: ({ context }) => !isFixed || context.tries < 10 },
      actions: { count: assign({ tries: ({ context }) => context.tries + 1 }) },
    }).createMachine({
      id: 'fetcher',
      context: { tries: 0 },
      initial: 'fetching',
      states: {
        fetching: {
          entry: 'count',
          invoke: {
            src: 'fetch',
            id: 'fetch',
            onDone: 'done',
            onError: [{ guard: 'mayRetry', target: 'fetching', reenter: true }, { target: 'failed' }],
          },
        },
        done: { type: 'final' },
        failed: { type: 'final' },
      },
    }),
  );

/** Loops, which is its purpose. */
export const progressLoop = (tagged: boolean) =>
  machine(
    setup({ delays: { hour: 3_600_000 } }).createMachine({
      id: 'watchman',
      initial: 'resting',
      states: {
        resting: { after: { hour: 'walking' } },
        walking: { ...(tagged ? { tags: 'progress' } : {}), after: { hour: 'resting' } },
      },
    }),
  );

/** The message "stop" can arrive in "washing", which does not handle it. */
export function ignoredMessage(isFixed = false) {
  const cook = setup({ types: {} as { events: { type: 'stop' } }, delays: { minute: 60_000 } }).createMachine({
    id: 'cook',
    initial: 'cooking',
    states: {
      cooking: { after: { minute: 'washing' }, on: { stop: 'washing' } },
      washing: { after: { minute: 'done' }, ...(isFixed ? { on: { stop: {} } } : {}) },
      done: { type: 'final' },
    },
  });
  return machine(
    setup({
      actors: { cook },
      delays: { evening: 3_600_000 },
      actions: { stop: sendTo('cook', { type: 'stop' }) },
    }).createMachine({
      id: 'kitchen',
      initial: 'open',
      invoke: { src: 'cook', id: 'cook', onDone: '.closed' },
      states: { open: { after: { evening: 'closing' } }, closing: { entry: 'stop' }, closed: { type: 'final' } },
    }),
  );
}

/** Answers a successful order, and does not answer a failed one. */
export const unansweredFailure = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { ask?: MessageMeta }; events: { type: 'order'; body: string; meta: MessageMeta } },
      actors: { pack: effect(() => Promise.resolve(null), { idempotent: true, kind: 'write' }) },
      delays: { week: 604_800_000 },
      actions: { ...engineActions, keep: assign(({ event }) => ({ ask: event.meta })) },
    }).createMachine({
      id: 'shop',
      context: {},
      initial: 'open',
      states: {
        open: { on: { order: { target: 'packing', actions: 'keep' } } },
        packing: {
          invoke: {
            src: 'pack',
            id: 'pack',
            onDone: { target: 'open', actions: { type: 'reply', params: answer('sent') } },
            onError: { target: 'open', ...(isFixed ? { actions: { type: 'reply', params: answer('sorry') } } : {}) },
          },
          after: { week: { target: 'open', actions: { type: 'reply', params: answer('sorry') } } },
        },
      },
    }),
    { handles: { order: z.string() } },
  );
/** Accepts a second order while it packs the first, and then answers the second only. */
export const lostRequest = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { ask?: MessageMeta }; events: { type: 'order'; body: string; meta: MessageMeta } },
      delays: { hour: 3_600_000 },
      actions: { ...engineActions, keep: assign(({ event }) => ({ ask: event.meta })) },
    }).createMachine({
      id: 'stall',
      context: {},
      initial: 'open',
      states: {
        open: { on: { order: { target: 'packing', actions: 'keep' } } },
        packing: {
          ...(isFixed ? {} : { on: { order: { actions: 'keep' } } }),
          after: { hour: { target: 'open', actions: { type: 'reply', params: answer('sent') } } },
        },
      },
    }),
    { handles: { order: z.string() } },
  );

/** Keeps every message, and answers none. */
export const withoutReplies = () =>
  machine(
    setup({
      types: {} as { context: { latest: string }; events: { type: 'note'; body: string } },
      actions: { keep: assign({ latest: ({ event }) => event.body }) },
    }).createMachine({ id: 'scribe', context: { latest: '' }, on: { note: { actions: 'keep' } } }),
    { handles: { note: z.enum(['rain', 'sun']) } },
  );

const answer =
  (type: string) =>
  ({ context }: { context: { ask?: MessageMeta } }) => ({ ask: context.ask!, type, body: null });

/** Waits for a payment message that may never arrive. */
export const waitWithoutTimeout = (isFixed = false) =>
  machine(
    setup({ types: {} as { events: { type: 'paid' } }, delays: { month: 30 * 86_400_000 } }).createMachine({
      id: 'invoice',
      initial: 'open',
      states: {
        open: { on: { paid: 'closed' }, ...(isFixed ? { after: { month: 'reminded' } } : {}) },
        closed: { type: 'final' },
        ...(isFixed ? { reminded: { type: 'final' } } : {}),
      },
    }),
  );

/** Asks a person, and does not handle the end of the ticket without an answer. */
export const unhandledExpiry = (isFixed = false) =>
  machine(
    setup({
      actors: { wait: waitMachine },
      guards: { isAnswered: (_, output: { status: string }) => output.status !== 'expired' },
    }).createMachine({
      id: 'permit',
      initial: 'asking',
      states: {
        asking: {
          invoke: {
            src: 'wait',
            id: 'wait',
            input: {
              question: 'May it be built?',
              schema: { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] },
              deadline: 86_400_000,
              onExpiry: 'fail',
            },
            onDone: [
              { guard: { type: 'isAnswered', params: ({ event }) => event.output }, target: 'decided' },
              ...(isFixed ? [{ target: 'decided' }] : []),
            ],
          },
        },
        decided: { type: 'final' },
      },
    }),
  );

/** Has a state for a second review that no transition reaches. */
export const unreachableState = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { rounds: number } },
      actors: { review: read() },
      guards: { isSecond },
    }).createMachine({
      id: 'review',
      context: { rounds: isFixed ? 2 : 1 },
      initial: 'reviewing',
      states: {
        reviewing: {
          invoke: {
            src: 'review',
            id: 'review',
            onDone: [{ guard: 'isSecond', target: 'second' }, { target: 'done' }],
            onError: 'done',
          },
        },
        second: { always: 'done' },
        done: { type: 'final' },
      },
    }),
  );
const isSecond = ({ context }: { context: { rounds: number } }) => context.rounds > 1;

/** Reads an output that can be missing. */
export const uncheckedOutput = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { city: string } },
      actors: { locate: read() },
      actions: {
        keep: assign({
          city: ({ event }) => {
            const { output } = event as unknown as { output: { address?: { city: string } } };
            return isFixed ? (output.address?.city ?? 'nowhere') : output.address!.city;
          },
        }),
      },
    }).createMachine({
      id: 'map',
      context: { city: '' },
      initial: 'looking',
      states: {
        looking: {
          invoke: { src: 'locate', id: 'locate', onDone: { target: 'done', actions: 'keep' }, onError: 'done' },
        },
        done: { type: 'final' },
      },
    }),
  );

/** Treats every failure of its write as not performed, and repeats it. */
export const repeatedWrite = (isFixed = false) =>
  machine(
    setup({
      types: {} as { context: { doubt: boolean } },
      actors: { send: write() },
      guards: { isDoubtful: (_, error: unknown) => (error as { kind?: string }).kind === 'uncertain' },
    }).createMachine({
      id: 'postman',
      context: { doubt: false },
      initial: 'sending',
      states: {
        sending: {
          invoke: {
            src: 'send',
            id: 'send',
            onDone: 'sent',
            onError: [
              {
                guard: { type: 'isDoubtful', params: ({ event }: { event: { error: unknown } }) => event.error },
                target: isFixed ? 'asking' : 'doubting',
              },
              { target: 'failed' },
            ],
          },
        },
        ...(isFixed ? { asking: { type: 'final' } } : { doubting: {} }),
        sent: { type: 'final' },
        failed: { type: 'final' },
      },
    }),
  );

/** A child that tells its parent something on its way through an eventless transition, and ends. */
const reporter = (isEventless: boolean) =>
  setup({ delays: { pause: 10 }, actions: { tell: sendParent({ type: 'told' }) } }).createMachine({
    id: 'reporter',
    initial: 'working',
    states: {
      working: { after: { pause: { target: 'passing', actions: 'tell' } } },
      passing: isEventless ? { always: 'over' } : { after: { pause: 'over' } },
      over: { type: 'final' },
    },
  });
export const heardReporter = (isEventless: boolean) =>
  machine(
    setup({
      types: {} as { context: { told: number }; events: { type: 'told' } },
      actors: { reporter: reporter(isEventless) },
      guards: { isTold: ({ context }) => context.told > 0 },
      actions: { count: assign({ told: ({ context }) => context.told + 1 }) },
    }).createMachine({
      id: 'desk',
      context: { told: 0 },
      initial: 'waiting',
      invoke: { src: 'reporter', id: 'reporter', onDone: '.over' },
      on: { told: { actions: 'count' } },
      states: { waiting: { always: { guard: 'isTold', target: 'listening' } }, listening: {}, over: { type: 'final' } },
    }),
  );

/** The same one level deeper: who tells is a child of a child. */
export const heardGrandchild = () => {
  const middle = setup({
    types: {} as { events: { type: 'told' } },
    actors: { reporter: reporter(true) },
    actions: { pass: sendParent({ type: 'told' }) },
  }).createMachine({
    id: 'middle',
    initial: 'on',
    invoke: { src: 'reporter', id: 'reporter', onDone: '.off' },
    states: {
      on: { on: { told: { target: 'passed', actions: 'pass' } } },
      passed: { always: 'quiet' },
      quiet: {},
      off: { type: 'final' },
    },
  });
  return machine(
    setup({ types: {} as { events: { type: 'told' } }, actors: { middle } }).createMachine({
      id: 'top',
      initial: 'on',
      invoke: { src: 'middle', id: 'middle', onDone: '.off' },
      on: { told: {} },
      states: { on: {}, off: { type: 'final' } },
    }),
  );
};

/** Sends its child something later, when the child may have ended. */
export function lateReminder() {
  const sleeper = setup({ delays: { nap: 100 } }).createMachine({
    id: 'sleeper',
    initial: 'asleep',
    states: { asleep: { on: { wake: {} }, after: { nap: 'awake' } }, awake: { type: 'final' } },
  });
  return machine(
    setup({
      actors: { sleeper },
      delays: { hour: 3_600_000 },
      actions: { remind: sendTo('sleeper', { type: 'wake' }, { delay: 'hour' }) },
    }).createMachine({
      id: 'nurse',
      initial: 'watching',
      states: {
        watching: { entry: 'remind', invoke: { src: 'sleeper', id: 'sleeper', onDone: 'resting' } },
        resting: { after: { hour: 'over' } },
        over: { type: 'final' },
      },
    }),
  );
}

/** Fails in the same way whatever its effect answers: that is not the fault of an answer that was made up. */
export const brokenAnyway = () =>
  machine(
    setup({
      actors: { fetch: read() },
      actions: {
        break: assign(() => {
          throw new Error('it always breaks here');
        }),
      },
    }).createMachine({
      id: 'broken',
      initial: 'fetching',
      states: {
        fetching: {
          invoke: { src: 'fetch', id: 'fetch', onDone: { target: 'over', actions: 'break' }, onError: 'over' },
        },
        over: { type: 'final' },
      },
    }),
  );

/** Breaks when it counts this many messages. */
export const breaksAt = (limit: number) =>
  machine(
    setup({
      types: {} as { context: { count: number }; events: { type: 'tick' } },
      actions: {
        count: assign(({ context: { count } }) => {
          if (count + 1 === limit) throw new Error('one too many');
          return { count: count + 1 };
        }),
      },
    }).createMachine({ id: 'meter', context: { count: 0 }, on: { tick: { actions: 'count' } } }),
  );

/** Goes round by itself, and finds no way out of the round with this number. */
export const stuckInRound = (limit: number) =>
  machine(
    setup({
      types: {} as { context: { round: number } },
      delays: { pause: 1_000 },
      guards: {
        isStuck: ({ context }) => context.round === limit,
        isOver: ({ context }) => context.round > limit + 10,
      },
      actions: { count: assign({ round: ({ context }) => context.round + 1 }) },
    }).createMachine({
      id: 'runner',
      context: { round: 0 },
      initial: 'running',
      states: {
        running: {
          tags: 'progress',
          always: [
            { guard: 'isStuck', target: 'stuck' },
            { guard: 'isOver', target: 'over' },
          ],
          after: { pause: { target: 'running', reenter: true, actions: 'count' } },
        },
        stuck: {},
        over: { type: 'final' },
      },
    }),
  );

/** Counts for ever: however far it is explored, larger numbers are left. */
export const endlessCounter = () =>
  machine(
    setup({
      types: {} as { context: { count: number }; events: { type: 'tick' } },
      actions: { count: assign({ count: ({ context }) => context.count + 1 }) },
    }).createMachine({ id: 'counter', context: { count: 0 }, on: { tick: { actions: 'count' } } }),
  );

/** Remembers texts that are too long to be told apart. */
export const longTexts = () =>
  machine(
    setup({
      types: {} as { context: { latest: string }; events: { type: 'note'; body: string } },
      actions: { keep: assign({ latest: ({ event }) => event.body }) },
    }).createMachine({ id: 'scribe', context: { latest: '' }, on: { note: { actions: 'keep' } } }),
    { handles: { note: z.string() } },
  );

/** Prepares, then waits for "ready"; where it comes from differs. */
const preparing = {
  invoke: { src: 'fetch' as const, id: 'fetch', onDone: 'waiting' as const, onError: 'over' as const },
  after: { hour: 'over' as const },
};

/** A client that is ready too early is not heard. */
export const earlyClient = () =>
  machine(
    setup({
      types: {} as { events: { type: 'ready' } },
      actors: { fetch: read() },
      delays: { hour: 3_600_000 },
    }).createMachine({
      id: 'host',
      initial: 'preparing',
      states: {
        preparing: { ...preparing, on: { ready: {} } },
        waiting: { on: { ready: 'over' } },
        over: { type: 'final' },
      },
    }),
  );

/** A child that is ready too early is not heard. */
export function earlyChild(isFixed = false) {
  const guest = setup({ actions: { tell: sendParent({ type: 'ready' }) } }).createMachine({
    id: 'guest',
    entry: 'tell',
  });
  return machine(
    setup({
      types: {} as { context: { isReady: boolean }; events: { type: 'ready' } },
      actors: { fetch: read(), guest },
      delays: { hour: 3_600_000 },
      guards: { isReady: ({ context }) => isFixed && context.isReady },
      actions: { keep: assign({ isReady: isFixed }) },
    }).createMachine({
      id: 'host',
      context: { isReady: false },
      initial: 'preparing',
      invoke: { src: 'guest', id: 'guest' },
      on: { ready: { actions: 'keep' } },
      states: {
        preparing,
        waiting: { always: { guard: 'isReady', target: 'over' }, on: { ready: 'over' } },
        over: { type: 'final' },
      },
    }),
  );
}

/** Two effects at once, of which the second may be the first to end. */
export const earlyEffect = () =>
  machine(
    setup({ actors: { first: read(), second: read() } }).createMachine({
      id: 'host',
      initial: 'both',
      invoke: [
        { src: 'first', id: 'first' },
        { src: 'second', id: 'second' },
      ],
      on: { 'xstate.error.actor.*': '.over' },
      states: {
        both: { on: { 'xstate.done.actor.first': 'waiting' } },
        waiting: { on: { 'xstate.done.actor.second': 'over' } },
        over: { type: 'final' },
      },
    }),
  );

/** A child gets its order before it can take one. */
export function earlyOrder() {
  const cook = setup({ types: {} as { events: { type: 'order' } }, delays: { minute: 60_000 } }).createMachine({
    id: 'cook',
    initial: 'warming',
    states: {
      warming: { on: { order: {} }, after: { minute: 'free' } },
      free: { on: { order: 'done' } },
      done: { type: 'final' },
    },
  });
  return machine(
    setup({
      actors: { cook },
      delays: { minute: 60_000 },
      actions: { order: sendTo('cook', { type: 'order' }) },
    }).createMachine({
      id: 'kitchen',
      initial: 'opening',
      invoke: { src: 'cook', id: 'cook', onDone: '.over' },
      states: { opening: { after: { minute: 'ordering' } }, ordering: { entry: 'order' }, over: { type: 'final' } },
    }),
  );
}

/** Large orders are treated otherwise; the limit is in a guard. */
/** Decides by texts, and by the lengths of a text and of a list. */
export const chosenWords = () =>
  machine(
    setup({
      types: {} as { events: { type: 'say'; word: string; items: string[] } },
      guards: {
        isYes: ({ event }) => event.word === 'yes',
        isNo: ({ event }) => 'no' === event.word,
        isUrgent: ({ event }) => event.word.startsWith('urgent'),
        isLong: ({ event }) => event.word.length >= 20,
        isMany: ({ event }) => 3 < event.items.length,
        isNone: ({ event }) => event.items.length === 0,
      },
    }).createMachine({
      id: 'words',
      initial: 'open',
      states: {
        open: {
          on: {
            say: ['isYes', 'isNo', 'isUrgent', 'isLong', 'isMany', 'isNone']
              .map((guard): object => ({ guard, target: guard }))
              .concat({ target: 'other' }) as never,
          },
        },
        ...Object.fromEntries(
          ['isYes', 'isNo', 'isUrgent', 'isLong', 'isMany', 'isNone', 'other'].map((name) => [
            name,
            { type: 'final' as const },
          ]),
        ),
      },
    }),
    { signals: z.object({ type: z.literal('say'), word: z.string(), items: z.array(z.string()) }) },
  );

const Rated = protocol({
  brief: { body: z.string(), replies: ['rated'] },
  rated: { body: z.object({ stars: z.number().int().min(0).max(10), word: z.string() }) },
  text: { body: z.string() },
});
/** A team whose route has no way on for one answer of its member. */
export const pickyTeam = (from: 7 | 'no') =>
  team({
    name: 'picky',
    protocol: Rated,
    members: { critic: agent({ name: 'critic', protocol: Rated, handles: ['brief'], model: offlineModel() }) },
    accepts: 'brief',
    returns: 'text',
    route: {
      brief: ({ body }, { to }) => to('critic', 'brief', body),
      rated:
        from === 7
          ? ({ body }, { finish, last }) => finish(body.stars === 7 ? String(last('text')) : 'fine')
          : ({ body }, { finish, last }) => finish(body.word === 'no' ? String(last('text')) : 'fine'),
    },
  });

export const largeOrders = () =>
  machine(
    setup({
      types: {} as { events: { type: 'order'; count: number } },
      guards: {
        isLarge: ({ event }) => event.count >= 10,
        isHuge: ({ event }) => 500 < event.count,
        isLucky: ({ event }) => event.count === 7,
      },
    }).createMachine({
      id: 'shop',
      initial: 'open',
      states: {
        open: {
          on: {
            order: [
              { guard: 'isHuge', target: 'refused' },
              { guard: 'isLarge', target: 'asking' },
              { guard: 'isLucky', target: 'lucky' },
              { target: 'packing' },
            ],
          },
        },
        refused: { type: 'final' },
        asking: { type: 'final' },
        lucky: { type: 'final' },
        packing: { type: 'final' },
      },
    }),
    { signals: z.object({ type: z.literal('order'), count: z.int().min(1).max(1_000) }) },
  );
