/** What clients and people may do: send what the run accepts, send it again, lose it on the way, answer a question. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { JsonObject } from '../../values/json.ts';
import { signalEnvelope } from '../../core/systemMessages.ts';
import { knownJson, jsonObject } from '../jsonValues.ts';
import { machineEventOf, missedBy, afterFault, withoutStep, type ModelTransition } from './transition.ts';
import { valuesOf } from './samples.ts';
import type { ExternalMessage, CheckModel } from './model.ts';
import { deliverMessage } from './worldStep.ts';
import { shortJson } from './format.ts';
import { clientAddress, personAddress, checkedRun, type ModelActor, type ModelWorld } from './world.ts';

/** Is this actor the ticket of a person's question? */
export const isTicket = ({ type }: ModelActor): boolean => type.chart.machine.id === 'wait';

/** A person answers a ticket with each answer that its schema names, or withdraws the question. */
export function personTransitions(model: CheckModel, world: ModelWorld, ticket: ModelActor): ModelTransition[] {
  const { schema } = jsonObject(ticket.spawnInfo.input);
  const events: (JsonObject & { type: string })[] = [
    ...valuesOf(jsonObject(schema), model.numbers).map((answer) => ({ type: 'wait.answer', answer, by: 'somebody' })),
    { type: 'wait.abort', reason: 'not needed', by: 'somebody' },
  ];
  return events.flatMap((event): ModelTransition[] => {
    const { address } = ticket.spawnInfo;
    if (ticket.type.chart.ignores(ticket.snapshot, event)) return [];
    const says =
      event.type === 'wait.abort' ? 'withdraws the question' : `answers ${shortJson(event['answer'] ?? null)}`;
    const turn = deliverMessage(world, signalEnvelope(`${address}/word`, personAddress, address, checkedRun, event));
    return [{ cause: 'outside', from: 'person', to: model.label(ticket), says, turn }];
  });
}

/** Clients send each message that the run accepts; none while the previous one is still passed on. */
export function clientTransitions(model: CheckModel, world: ModelWorld): ModelTransition[] {
  const root = world.actors.get(world.root);
  return root && !isOnItsWay(world) ? model.external.flatMap((message) => movesOf(model, world, root, message)) : [];
}

/** People are slower than machines: what a message from outside causes reaches every actor before the next message comes. */
const isOnItsWay = ({ messages }: ModelWorld): boolean =>
  messages.some(({ causation, type }) => causation?.startsWith(clientIds) === true || passedOn.test(type));
const clientIds = 'client/';
const passedOn = /^(?:agent|run|work|call)\.(?:cancel|pause|resume)$/;

/** A client waits for its answer before it asks again; one that does not wait is a fault (CF2). */
function movesOf(
  model: CheckModel,
  world: ModelWorld,
  root: ModelActor,
  { type, kind, body, watched, interferes }: ExternalMessage,
): ModelTransition[] {
  const open = world.asks.some((ask) => ask.type === type);
  if (world.lostMessages.has(type) || world.taken.has(type) || (open && world.faultsLeft.dup === 0)) return [];
  const id = `${clientIds}${world.asks.length + 1}`;
  const envelope: Envelope = {
    id,
    type,
    body: knownJson(body),
    from: clientAddress,
    to: world.root,
    run: checkedRun,
    kind,
  };
  const turn = deliverMessage(open ? afterFault(world, 'dup') : world, envelope);
  // The message was refused, and the client knows it.
  if (turn.world.actors.get(world.root) === root && turn.problems.length === 0) return [];
  const cause = open ? 'dup' : interferes || model.isInterference(type) ? 'steering' : 'outside';
  const bodyWords = kind === 'ask' && body !== null ? ` ${shortJson(body)}` : '';
  const line = { from: 'client', to: model.label(root) };
  const event = machineEventOf(envelope, root);
  const says = `${type}${bodyWords}${open ? ' once more' : ''}`;
  const move: ModelTransition = { ...line, cause, says, event, ...missedBy(root, type, turn), turn };
  // A machine without an end may wait for ever; one that can end may not.
  if (cause !== 'outside' || kind === 'ask' || watched || !mayEnd(root)) return [move];
  if (move.missed && isUnchanged(world, turn.world)) {
    const taken: ModelWorld = { ...turn.world, taken: new Set([...world.taken, type]) };
    return [{ ...move, says: `${says}, which changes nothing yet`, turn: { ...turn, world: taken } }, ...lostOf(type)];
  }
  return [move, ...lostOf(type)];

  function lostOf(type: string): ModelTransition[] {
    if (world.faultsLeft.drop === 0) return [];
    const lost: ModelWorld = { ...afterFault(world, 'drop'), lostMessages: new Set([...world.lostMessages, type]) };
    return [{ ...line, cause: 'drop', says: `${type} is lost on its way`, turn: withoutStep(lost) }];
  }
}

/** Did the message cause nothing beside what its receiver is? */
const isUnchanged = (before: ModelWorld, after: ModelWorld): boolean =>
  after.messages.length === before.messages.length &&
  after.actors.size === before.actors.size &&
  pendingCount(after) === pendingCount(before);
const pendingCount = ({ actors }: ModelWorld) =>
  [...actors.values()].reduce((sum, { pendings }) => sum + pendings.size, 0);

const mayEnd = ({ type }: ModelActor): boolean =>
  Object.values(type.chart.machine.root.states).some(({ type: kind }) => kind === 'final');
