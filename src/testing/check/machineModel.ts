/** The model of a machine with its children: its messages are made up from their schemas, its effects give samples. */
import * as z from 'zod';
import type { JsonObject } from '../../values/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import { inputOf, type Subject } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';

import { everyNode } from '../../core/machineShape.ts';
import { asJson, jsonObject, jsonText } from '../jsonValues.ts';
import { keepContext, type Keep } from './abstraction.ts';
import { isSteering, type Settings } from './options.ts';
import { sampled, told } from './effectOutcomes.ts';
import { effectOf } from '../pendingData.ts';
import { bodiesOf, valuesOf } from './samples.ts';
import type { Missed, Outside, Stage } from './model.ts';

/** The model of a machine. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function ofMachine(subject: Subject & { kind: 'machine' }, settings: Settings): Stage {
  const { type } = subject;
  const possible = sampled(settings.samples);
  return {
    name: subject.name,
    type,
    inputs: [inputOf(subject, settings.input ?? null)],
    outside: [...asks(type, settings), ...signals(type, settings)],
    steers: isSteering(settings),
    isNet: () => false,
    outcomes: (_, effect) => possible(effect),
    tell: (_, effect, outcome) => told(effectOf(effect).src, outcome),
    keep: keepGiven(settings, keepContext),
    label: (actor) => actor.type.name,
    missed: ({ passed }) => missedStates(type, passed),
  };
}

/** For machines that the option `context` names, the user's function decides what is kept. */
export const keepGiven =
  ({ context = {} }: Settings, otherwise: Keep): Keep =>
  (actor, clamp) => {
    const { id } = actor.type.chart.machine;
    const keep = Object.hasOwn(context, id) ? context[id] : undefined;
    // The user wrote the function for the context of the machine with this id.
    return keep ? keep(actor.snapshot.context as never) : otherwise(actor, clamp);
  };

const asks = ({ handles = {} }: ActorType, { samples = {} }: Settings): Outside[] =>
  Object.entries(handles).flatMap(([type, schema]) => {
    const parse = (body: unknown) => asJson(schema.parse(body));
    const bodies = samples[type] ?? bodiesOf(type, jsonSchema(schema), parse);
    return bodies.map((body): Outside => ({ type, kind: 'ask', body: parse(body) }));
  });

/** The signals that its schema names; without a schema, every event that the machine handles and does not send itself. */
function signals(type: ActorType, { samples = {} }: Settings): Outside[] {
  const { signals: schema, handles = {}, chart } = type;
  if (schema) {
    // Zod's own type of a JSON Schema has optional fields, which JSON has not.
    const values = valuesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject);
    return values.flatMap((event) => {
      const name = jsonText(jsonObject(event)['type']);
      return (samples[name] ?? [event]).map((each): Outside => ({ type: name, kind: 'signal', body: asJson(each) }));
    });
  }
  const names = chart.machine.events.filter((name) => !/^xstate\.|\*/.test(name) && !Object.hasOwn(handles, name));
  return names.flatMap((name) =>
    (samples[name] ?? [{}]).map((body): Outside => ({ type: name, kind: 'signal', body: asJson(body) })),
  );
}

/** States that were not visited, of this machine and of its children. Tickets are not the user's machines. */
function missedStates(type: ActorType, passed: ReadonlySet<string>): Missed[] {
  const { machine } = type.chart;
  if (machine.id === 'wait') return [];
  const missed = everyNode(machine.root).filter((node) => node.type !== 'history' && !passed.has(node.id));
  // Only the outermost state is reported: its inner states cannot be reached either.
  const outermost = missed.filter(({ parent }) => !parent || !missed.includes(parent));
  return [
    ...outermost.map(({ id }) => ({
      about: id,
      says: `Nothing leads to the state "${id}". Remove it, or give samples and messages that lead there.`,
    })),
    ...Object.keys(machine.implementations.actors).flatMap((name) => {
      const child = type.child(name);
      return child ? missedStates(child, passed) : [];
    }),
  ];
}
