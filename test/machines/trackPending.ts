/** The pending effects, children and timers of a machine, read from its actions: effects and children by their source, timers by their event. */
import type { AnyEventObject } from 'xstate';
import type { PlayedAction } from '../../src/testing/play.ts';

export function trackPending() {
  const active = new Map<string, string>();
  const timers = new Map<string, AnyEventObject>();
  return {
    active: active as ReadonlyMap<string, string>,
    timers: timers as ReadonlyMap<string, AnyEventObject>,
    /** Call before the machine gets an event: what the event reports as ended is no longer pending. */
    ended({ type }: AnyEventObject) {
      const child = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(type)?.[1];
      if (child !== undefined) active.delete(child);
      for (const [id, timer] of timers) if (timer.type === type) timers.delete(id);
    },
    /** Call after the machine took the event. */
    record(actions: readonly PlayedAction[]) {
      for (const { type, params } of actions) {
        const { id, src, event, sendId, delay } = params as Timer & { src: string; sendId: string };
        if (type === 'xstate.spawnChild') active.set(id, src);
        if (type === 'xstate.stopChild') active.delete(id);
        if (type === 'xstate.raise' && delay !== undefined) timers.set(id, event);
        if (type === 'xstate.cancel') timers.delete(sendId);
      }
    },
  };
}

interface Timer {
  readonly id: string;
  readonly event: AnyEventObject;
  readonly delay?: number;
}
