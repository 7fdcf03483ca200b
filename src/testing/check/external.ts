/** What clients and people may do: send what the run accepts, send it again, lose it on the way, answer a question. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { JsonObject } from '../../values/json.ts';
import { signal } from '../../core/systemMessages.ts';
import { asJson, jsonObject } from '../jsonValues.ts';
import { eventOf, spent, still, type Move } from './transition.ts';
import { valuesOf } from './samples.ts';
import type { Outside, Stage } from './model.ts';
import { takeMail } from './worldStep.ts';
import { short } from './format.ts';
import { client, person, run, type Actor, type World } from './world.ts';

/** Is this actor the ticket of a person's question? */
export const isTicket = ({ type }: Actor): boolean => type.chart.machine.id === 'wait';

/** A person answers a ticket with each answer that its schema names, or withdraws the question. */
export function wordsOfPerson(stage: Stage, world: World, ticket: Actor): Move[] {
  const { schema } = jsonObject(ticket.birth.input);
  const events: (JsonObject & { type: string })[] = [
    ...valuesOf(jsonObject(schema)).map((answer) => ({ type: 'wait.answer', answer, by: 'somebody' })),
    { type: 'wait.abort', reason: 'not needed', by: 'somebody' },
  ];
  return events.flatMap((event): Move[] => {
    const { address } = ticket.birth;
    if (ticket.type.chart.ignores(ticket.snapshot, event)) return [];
    const says = event.type === 'wait.abort' ? 'withdraws the question' : `answers ${short(event['answer'] ?? null)}`;
    const turn = takeMail(world, signal(`${address}/word`, person, address, run, event));
    return [{ cause: 'outside', from: 'person', to: stage.label(ticket), says, turn }];
  });
}

/** Clients send each message that the run accepts; none while the previous one is still passed on. */
export function wordsOfClients(stage: Stage, world: World): Move[] {
  const root = world.actors.get(world.root);
  return root && !isOnItsWay(world) ? stage.outside.flatMap((message) => movesOf(stage, world, root, message)) : [];
}

/** People are slower than machines: what a message from outside causes reaches every actor before the next message comes. */
const isOnItsWay = ({ mail }: World): boolean =>
  mail.some(({ causation, type }) => causation?.startsWith(clientIds) === true || passedOn.test(type));
const clientIds = 'client/';
const passedOn = /^(?:agent|run|work|call)\.(?:cancel|pause|resume)$/;

/** A client waits for its answer before it asks again; one that does not wait is a fault (F2). */
function movesOf(stage: Stage, world: World, root: Actor, { type, kind, body, watched }: Outside): Move[] {
  const open = world.asks.some((ask) => ask.type === type);
  if (world.lost.has(type) || (open && world.left.dup === 0)) return [];
  const id = `${clientIds}${world.asks.length + 1}`;
  const envelope: Envelope = { id, type, body: asJson(body), from: client, to: world.root, run, kind };
  const turn = takeMail(open ? spent(world, 'dup') : world, envelope);
  // The message was refused, and the client knows it.
  if (turn.world.actors.get(world.root) === root && turn.problems.length === 0) return [];
  const cause = open ? 'dup' : stage.steers(type) ? 'steering' : 'outside';
  const bodyWords = kind === 'ask' && body !== null ? ` ${short(body)}` : '';
  const line = { from: 'client', to: stage.label(root) };
  const event = eventOf(envelope, root);
  const move: Move = { ...line, cause, says: `${type}${bodyWords}${open ? ' once more' : ''}`, event, turn };
  // A machine without an end may wait for ever; one that can end may not.
  if (cause !== 'outside' || kind === 'ask' || watched || world.left.drop === 0 || !mayEnd(root)) return [move];
  const lost: World = { ...spent(world, 'drop'), lost: new Set([...world.lost, type]) };
  return [move, { ...line, cause: 'drop', says: `${type} is lost on its way`, turn: still(lost) }];
}

const mayEnd = ({ type }: Actor): boolean =>
  Object.values(type.chart.machine.root.states).some(({ type: kind }) => kind === 'final');
