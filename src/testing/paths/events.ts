/** Derives the events that a machine can get from its chart: ends of what it invokes, its timers, and the signals and messages it handles. */
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { ZodType } from 'zod';

import { nameOf } from '../../core/validateNames.ts';
import { everyNode } from '../../core/machineShape.ts';
import { done, failed } from '../play.ts';
import { samplesOf } from './sample.ts';

/** What a chart does not say about its events. */
export interface EventOptions {
  /** Events to use as they are, instead of derived ones of the same type; none by default. */
  readonly samples?: readonly AnyEventObject[];
  /** Schemas of the outputs of its effects and children, by name in setup({ actors }). One without a schema gives `undefined`. */
  readonly outputs?: Readonly<Record<string, ZodType>>;
  /** The schema of its bare events (signals). Without it and without `handles`, every event type that the chart names, without other properties. */
  readonly signals?: ZodType | undefined;
  /** The schemas of the bodies of its messages, by type; none by default. */
  readonly handles?: Readonly<Record<string, ZodType>> | undefined;
  /** A number that decides made-up values; 1 by default. */
  readonly seed?: number;
}

/** The events of a machine. Ends of spawned children, and events by pattern (`call.*`), cannot be read from a chart: give `samples` of those. */
export function eventsOf(machine: AnyStateMachine, options: EventOptions = {}): AnyEventObject[] {
  const { samples = [], outputs = {}, signals, handles, seed = 1 } = options;
  const nodes = everyNode(machine.root);
  const types = [...new Set(nodes.flatMap((node) => [...node.transitions.keys()]))];
  const draw = (schema: ZodType) => samplesOf(schema, { seed });

  const ends = nodes
    .flatMap((node) => node.invoke)
    .flatMap(({ id, src }) => {
      const schema = outputs[nameOf(src) ?? ''];
      return [...(schema ? draw(schema) : [undefined]).map((output) => done(id, output)), failed(id)];
    });
  const timers = types.filter((type) => type.startsWith('xstate.after.')).map((type) => ({ type }));
  // A schema of signals describes events: objects with a type.
  const bareSignals = signals ? (draw(signals) as readonly unknown[] as readonly AnyEventObject[]) : [];
  const messages = Object.entries(handles ?? {}).flatMap(([type, body]) =>
    draw(body).map((drawn) => ({ type, body: drawn, meta: { id: 'sample', from: 'person/sample', kind: 'tell' } })),
  );
  const bare =
    signals || handles
      ? []
      : types
          .filter((type) => !type.startsWith('xstate.') && !type.includes('*') && type !== '')
          .map((type) => ({ type }));

  const given = new Set(samples.map(({ type }) => type));
  return [
    ...samples,
    ...[...ends, ...timers, ...bareSignals, ...messages, ...bare].filter(({ type }) => !given.has(type)),
  ];
}
