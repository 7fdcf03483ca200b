/** Runs a step of a machine with the world out of reach: time, chance, timers and the network throw, and name the place that reached for them. */
import { TroupeError } from '../contracts/failure.ts';
import type { ActorType } from '../system/actorType.ts';
import { eachChild } from './effects.ts';

/** Each way out, by the name a person knows it by, and what to do instead. */
const ways: readonly (readonly [holder: object, name: string, says: string])[] = [
  [Date, 'now', 'Date.now()'],
  [Math, 'random', 'Math.random()'],
  [performance, 'now', 'performance.now()'],
  [crypto, 'randomUUID', 'crypto.randomUUID()'],
  [globalThis, 'setTimeout', 'setTimeout()'],
  [globalThis, 'setInterval', 'setInterval()'],
  [globalThis, 'setImmediate', 'setImmediate()'],
  [globalThis, 'fetch', 'fetch()'],
];

/** Calls `step`, which must be synchronous. Throws `definition` when it reaches for the world. */
export function purely<T>(machine: string, step: () => T): T {
  const before = ways.map(([holder, name]) => Object.getOwnPropertyDescriptor(holder, name));
  const restore = () =>
    ways.forEach(([holder, name], index) => {
      const known = before[index];
      if (known) Object.defineProperty(holder, name, known);
      else Reflect.deleteProperty(holder, name);
    });
  const RealDate = Date;
  for (const [holder, name, says] of ways)
    Object.defineProperty(holder, name, { configurable: true, writable: true, value: trap(machine, says, restore) });
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args: unknown[]) {
      if (args.length === 0) trap(machine, 'new Date()', restore)();
      return Reflect.construct(target, args) as object;
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

/** The world comes back before the error is made: whoever prints it may need the time. */
const trap = (machine: string, says: string, restore: () => void) => (): never => {
  restore();
  const error = new TroupeError(
    'definition',
    `The machine "${machine}" reached for ${says}. A machine is pure: it would do something else when it is gone on with. Put it into an effect, or use a delay.`,
  );
  const place = placeIn(error.stack ?? '');
  if (place) error.message += ` It happened at ${place}.`;
  throw error;
};

/** The first frame that is neither ours nor a package's. */
function placeIn(stack: string): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const found = /((?:file:\/\/)?\/[^\s()]+:\d+:\d+)/.exec(line)?.[1];
    if (found && !found.includes('/node_modules/') && !found.includes('/testing/pure.'))
      return found.replace('file://', '');
  }
  return undefined;
}

/** A type whose machine, and whose children's machines, step purely. */
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
    child: eachChild(type, pure),
  };
};
