/** What people and clients may do: send what the run takes, send it again, have it lost on the way, answer a question. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { WaitInput } from '../../contracts/wait.ts';
import { signal } from '../../system/letters.ts';
import { eventOf, spent, still, type Move } from './move.ts';
import { valuesOf } from './samples.ts';
import type { Outside, Stage } from './stage.ts';
import { takeMail } from './turn.ts';
import { short } from './words.ts';
import { client, person, run, type Actor, type World } from './world.ts';

export const isTicket = ({ type }: Actor): boolean => type.chart.machine.id === 'wait';

/** Every answer its schema names, and a withdrawal. */
export function wordsOfPerson(stage: Stage, world: World, ticket: Actor): Move[] {
  const { schema } = ticket.birth.input as unknown as WaitInput;
  const words: (JsonObject & { type: string })[] = [
    ...valuesOf(schema as JsonObject).map((answer) => ({ type: 'wait.answer', answer, by: 'somebody' })),
    { type: 'wait.abort', reason: 'not needed', by: 'somebody' },
  ];
  return words.flatMap((word): Move[] => {
    const { address } = ticket.birth;
    if (ticket.type.chart.ignores(ticket.snapshot, word)) return [];
    const says = word.type === 'wait.abort' ? 'withdraws the question' : `answers ${short(word['answer'] ?? null)}`;
    const turn = takeMail(world, signal(`${address}/word`, person, address, run, word));
    return [{ cause: 'outside', from: 'person', to: stage.label(ticket), says, turn }];
  });
}

export function wordsOfClients(stage: Stage, world: World): Move[] {
  const root = world.actors.get(world.root);
  return root && !isOnItsWay(world) ? stage.outside.flatMap((said) => wordOf(stage, world, root, said)) : [];
}

/** People are slower than machines: what the last word from outside made an actor say is heard, all the way down, before the next word comes. */
const isOnItsWay = ({ mail }: World): boolean =>
  mail.some(({ causation, type }) => causation?.startsWith(clientIds) === true || passedOn.test(type));
const clientIds = 'client/';
const passedOn = /^(?:agent|run|work|call)\.(?:cancel|pause|resume)$/;

/** A client waits for its answer before it asks again; one that does not is a fault (F2). */
function wordOf(stage: Stage, world: World, root: Actor, { type, kind, body, watched }: Outside): Move[] {
  const open = world.asks.some((ask) => ask.type === type);
  if (world.lost.has(type) || (open && world.left.dup === 0)) return [];
  const id = `${clientIds}${world.asks.length + 1}`;
  const envelope: Envelope = { id, type, body: body as Envelope['body'], from: client, to: world.root, run, kind };
  const turn = takeMail(open ? spent(world, 'dup') : world, envelope);
  // Refused, and the client knows.
  if (turn.world.actors.get(world.root) === root && turn.problems.length === 0) return [];
  const cause = open ? 'dup' : stage.steers(type) ? 'steering' : 'outside';
  const words = kind === 'ask' && body !== null ? ` ${short(body)}` : '';
  const line = { from: 'client', to: stage.label(root) };
  const event = eventOf(envelope, root);
  const move: Move = { ...line, cause, says: `${type}${words}${open ? ' once more' : ''}`, event, turn };
  // A service may wait for ever; what must come to an end may not.
  if (cause !== 'outside' || kind === 'ask' || watched || world.left.drop === 0 || !mayEnd(root)) return [move];
  const lost: World = { ...spent(world, 'drop'), lost: new Set([...world.lost, type]) };
  return [move, { ...line, cause: 'drop', says: `${type} is lost on its way`, turn: still(lost) }];
}

const mayEnd = ({ type }: Actor): boolean =>
  Object.values(type.chart.machine.root.states).some(({ type: kind }) => kind === 'final');
