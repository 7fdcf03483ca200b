/** Runs a step of a machine while the clock, random numbers, timers and the network throw, and reports the line that used them. */
import { TroupeError } from '../values/failure.ts';
import type { ActorType } from '../core/actorType.ts';
import { mapChildren } from './effects.ts';

/** What a pure step must not use, with the name that the message shows. */
const forbidden: readonly (readonly [holder: object, name: string, shown: string])[] = [
  [Date, 'now', 'Date.now()'],
  [Math, 'random', 'Math.random()'],
  [performance, 'now', 'performance.now()'],
  [crypto, 'randomUUID', 'crypto.randomUUID()'],
  [globalThis, 'setTimeout', 'setTimeout()'],
  [globalThis, 'setInterval', 'setInterval()'],
  [globalThis, 'setImmediate', 'setImmediate()'],
  [globalThis, 'fetch', 'fetch()'],
];

/** Calls `step`, which must be synchronous, and returns its result. Throws `definition` when the step uses the clock, random numbers, a timer or the network. */
export function purely<T>(machine: string, step: () => T): T {
  const originals = forbidden.map(([holder, name]) => Object.getOwnPropertyDescriptor(holder, name));
  const restore = () =>
    forbidden.forEach(([holder, name], index) => {
      const original = originals[index];
      if (original) Object.defineProperty(holder, name, original);
      else Reflect.deleteProperty(holder, name);
    });
  const RealDate = Date;
  for (const [holder, name, shown] of forbidden)
    Object.defineProperty(holder, name, { configurable: true, writable: true, value: trap(machine, shown, restore) });
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args: unknown[]): object {
      if (args.length === 0) trap(machine, 'new Date()', restore)();
      return new target(...(args as ConstructorParameters<typeof Date>));
    },
    apply: () => trap(machine, 'Date()', restore)(),
  });
  try {
    return step();
  } finally {
    globalThis.Date = RealDate;
    restore();
  }
}

/** Restores the globals before it makes the error: code that prints the error may need them. */
const trap = (machine: string, shown: string, restore: () => void) => (): never => {
  restore();
  const error = new TroupeError(
    'definition',
    `The machine "${machine}" reached for ${shown}. A machine must be pure: after a restart the same events must lead to the same state. Do it in an effect, or use a delay.`,
  );
  const location = locationIn(error.stack ?? '');
  if (location) error.message += ` It happened at ${location}.`;
  throw error;
};

/** The first stack frame that belongs neither to this file nor to a package. */
function locationIn(stack: string): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const found = /((?:file:\/\/)?\/[^\s()]+:\d+:\d+)/.exec(line)?.[1];
    if (found && !found.includes('/node_modules/') && !found.includes('/testing/pure.'))
      return found.replace('file://', '');
  }
  return undefined;
}

/** The same actor type; every step of its machine and of its child machines throws `definition` when it is not pure. */
export const pure = (type: ActorType): ActorType => {
  const { chart } = type;
  const { id } = chart.machine;
  return {
    ...type,
    chart: {
      ...chart,
      initial: (input) => purely(id, () => chart.initial(input)),
      step: (snapshot, event) => purely(id, () => chart.step(snapshot, event)),
      ignores: (snapshot, event) => purely(id, () => chart.ignores(snapshot, event)),
    },
    child: mapChildren(type, pure),
  };
};
