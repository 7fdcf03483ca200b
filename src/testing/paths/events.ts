/** The events a machine can meet, read from its chart: ends of what it invokes, its timers, and the signals and messages it takes. */
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { ZodType } from 'zod';
import type { Json } from '../../contracts/json.ts';
import { nameOf } from '../../system/names.ts';
import { everyNode } from '../../system/shape.ts';
import { done, failed } from '../play.ts';
import { samplesOf } from './sample.ts';

export interface EventOptions {
  /** Events as you would have them; they stand in for those of the same type that are derived. */
  readonly samples?: readonly AnyEventObject[];
  /** What its effects answer, by their name in setup({ actors }). One that is not here answers nothing. */
  readonly outputs?: Readonly<Record<string, ZodType>>;
  /** The bare events it takes. Without it and without `handles`, every event the chart names, with its type alone. */
  readonly signals?: ZodType | undefined;
  /** The messages it takes, each with the schema of its body. */
  readonly handles?: Readonly<Record<string, ZodType>> | undefined;
  /** Decides what is drawn where anything would do; 1 unless told otherwise. */
  readonly seed?: number;
}

/** Children that are spawned, and events by pattern (`call.*`), cannot be read from a chart: give `samples` of those. */
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
  const said = signals ? (draw(signals) as (Json & AnyEventObject)[]) : [];
  const told = Object.entries(handles ?? {}).flatMap(([type, body]) =>
    draw(body).map((drawn) => ({ type, body: drawn, meta: { id: 'sample', from: 'person/sample', kind: 'tell' } })),
  );
  const bare =
    signals || handles
      ? []
      : types
          .filter((type) => !type.startsWith('xstate.') && !type.includes('*') && type !== '')
          .map((type) => ({ type }));

  const given = new Set(samples.map(({ type }) => type));
  return [...samples, ...[...ends, ...timers, ...said, ...told, ...bare].filter(({ type }) => !given.has(type))];
}
