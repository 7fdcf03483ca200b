/** The model of a machine with its children: its messages are made up from their schemas, its effects give samples. */
import * as z from 'zod';
import type { JsonObject } from '../../values/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import { runInput, type Runnable } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';

import { everyNode } from '../../core/machineShape.ts';
import { knownJson, jsonObject, jsonText } from '../jsonValues.ts';
import { projectContext, type Projection } from './abstraction.ts';
import { isSteering, type CheckSettings } from './options.ts';
import { sampledOutcomes, outcomeWords } from './effectOutcomes.ts';
import { addLandmarks, guardsOf } from './numbers.ts';
import { bodiesOf, valuesOf } from './samples.ts';
import type { Unreached, ExternalMessage, CheckModel } from './model.ts';

/** The model of a machine. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function machineModel(subject: Runnable & { kind: 'machine' }, settings: CheckSettings): CheckModel {
  const { type } = subject;
  const possible = sampledOutcomes(settings.samples);
  addLandmarks(decisionsOf(type), settings.numbers);
  return {
    name: subject.name,
    numbers: settings.numbers,
    type,
    inputs: [runInput(subject, settings.input ?? null)],
    external: [...asks(type, settings), ...signals(type, settings)],
    isInterference: isSteering(settings),
    isDefaultTimer: () => false,
    outcomes: (_, effect) => possible(effect),
    tell: (_, effect, outcome) => outcomeWords(effect.data.src, outcome),
    project: projectGiven(settings, projectContext),
    label: (actor) => actor.type.name,
    unreached: ({ visited }) => missedStates(type, visited),
  };
}

/** For machines that the option `context` names, the user's function decides what is kept. */
export const projectGiven =
  ({ context = {} }: CheckSettings, otherwise: Projection): Projection =>
  (actor, outline) => {
    const { id } = actor.type.chart.machine;
    const keep = Object.hasOwn(context, id) ? context[id] : undefined;
    // The user wrote the function for the context of the machine with this id.
    return keep ? keep(actor.snapshot.context as never) : otherwise(actor, outline);
  };

const asks = ({ handles = {} }: ActorType, { samples = {}, numbers }: CheckSettings): ExternalMessage[] =>
  Object.entries(handles).flatMap(([type, schema]) => {
    const parse = (body: unknown) => knownJson(schema.parse(body));
    const bodies = samples[type] ?? bodiesOf(type, jsonSchema(schema), parse, numbers);
    return bodies.map((body): ExternalMessage => ({ type, kind: 'ask', body: parse(body) }));
  });

/** The signals that its schema names; without a schema, every event that the machine handles and does not send itself. */
function signals(type: ActorType, { samples = {}, numbers }: CheckSettings): ExternalMessage[] {
  const { signals: schema, handles = {}, chart } = type;
  if (schema) {
    // Zod's own type of a JSON Schema has optional fields, which JSON has not.
    const values = valuesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject, numbers);
    return values.flatMap((event) => {
      const name = jsonText(jsonObject(event)['type']);
      return (samples[name] ?? [event]).map((each): ExternalMessage => ({
        type: name,
        kind: 'signal',
        body: knownJson(each),
      }));
    });
  }
  const names = chart.machine.events.filter((name) => !/^xstate\.|\*/.test(name) && !Object.hasOwn(handles, name));
  return names.flatMap((name) =>
    (samples[name] ?? [{}]).map((body): ExternalMessage => ({
      type: name,
      kind: 'signal',
      body: knownJson(body),
      derived: true,
    })),
  );
}

/** The guards of a machine and of its children. */
const decisionsOf = (type: ActorType): unknown[] => [
  ...guardsOf(type.chart.machine),
  ...Object.keys(type.chart.machine.implementations.actors).flatMap((name) => {
    const child = type.child(name);
    return child ? decisionsOf(child) : [];
  }),
];

/** States that were not visited, of this machine and of its children. Tickets are not the user's machines. */
function missedStates(type: ActorType, visited: ReadonlySet<string>): Unreached[] {
  const { machine } = type.chart;
  if (machine.id === 'wait') return [];
  const missed = everyNode(machine.root).filter((node) => node.type !== 'history' && !visited.has(node.id));
  // Only the outermost state is reported: its inner states cannot be reached either.
  const outermost = missed.filter(({ parent }) => !parent || !missed.includes(parent));
  return [
    ...outermost.map(({ id }) => ({
      about: id,
      says: `Nothing leads to the state "${id}". Remove it, or give samples and messages that lead there.`,
    })),
    ...Object.keys(machine.implementations.actors).flatMap((name) => {
      const child = type.child(name);
      return child ? missedStates(child, visited) : [];
    }),
  ];
}
