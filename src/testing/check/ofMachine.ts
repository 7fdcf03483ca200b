/** A machine as a user drew it, with its children: its messages are made up from their schemas, its effects answer by samples. */
import * as z from 'zod';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import type { Subject } from '../../subject.ts';
import { inputOf } from '../../subject.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { EffectData } from '../../contracts/pending.ts';
import { everyNode } from '../../system/shape.ts';
import { keepContext, type Keep } from './abstraction.ts';
import { isSteering, type Settings } from './options.ts';
import { sampled, told } from './outcomes.ts';
import { bodiesOf, valuesOf } from './samples.ts';
import type { Missed, Outside, Stage } from './stage.ts';

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
    tell: (_, effect, outcome) => told((effect.data as unknown as EffectData).src, outcome),
    keep: keepGiven(settings, keepContext),
    label: (actor) => actor.type.name,
    missed: ({ passed }) => missedStates(type, passed),
  };
}

/** What the user says of a machine's context counts instead. */
export const keepGiven =
  ({ context = {} }: Settings, otherwise: Keep): Keep =>
  (actor, clamp) => {
    const { id } = actor.type.chart.machine;
    // The function was written for the context of this machine.
    return Object.hasOwn(context, id) ? context[id]!(actor.snapshot.context as never) : otherwise(actor, clamp);
  };

const asks = ({ handles = {} }: ActorType, { samples = {} }: Settings): Outside[] =>
  Object.entries(handles).flatMap(([type, schema]) => {
    const bodies = samples[type] ?? bodiesOf(type, jsonSchema(schema), (body) => schema.parse(body) as Json);
    return bodies.map((body): Outside => ({ type, kind: 'ask', body: schema.parse(body) as Json }));
  });

/** Those its schema names; without one, every event that the machine knows and does not send itself. */
function signals(type: ActorType, { samples = {} }: Settings): Outside[] {
  const { signals: schema, handles = {}, chart } = type;
  if (schema) {
    return valuesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject).flatMap((event) => {
      const { type: name } = event as { type: string };
      return (samples[name] ?? [event]).map((each): Outside => ({ type: name, kind: 'signal', body: each as Json }));
    });
  }
  const names = chart.machine.events.filter((name) => !/^xstate\.|\*/.test(name) && !Object.hasOwn(handles, name));
  return names.flatMap((name) =>
    (samples[name] ?? [{}]).map((body): Outside => ({ type: name, kind: 'signal', body: body as Json })),
  );
}

/** States of this machine and of its children; a ticket is not the user's. */
function missedStates(type: ActorType, passed: ReadonlySet<string>): Missed[] {
  const { machine } = type.chart;
  if (machine.id === 'wait') return [];
  const missed = everyNode(machine.root).filter((node) => node.type !== 'history' && !passed.has(node.id));
  // A state that is not reached says it for those inside.
  const outermost = missed.filter(({ parent }) => !missed.includes(parent!));
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
