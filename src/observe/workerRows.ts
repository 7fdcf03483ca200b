/** What a person wants to know of a run: who does what with which tool, and what was said. The actors of the runtime itself are not shown. */
import type { Inspection } from '../contracts/inspection.ts';
import { actorNames, isMachinery } from './actorNames.ts';
import { actorViews, type ActorView } from './actorViews.ts';
import { escapeControls } from './format.ts';
import { eventText, firstWords, phaseText } from './plainWords.ts';
import { statusOf, usageText, usedText, type ProgressRows } from './progressRows.ts';
import { streamEvents, type StreamEvent } from './streamEvents.ts';

/** One agent, member or machine. */
interface Worker {
  readonly name: string;
  /** What it does now, in plain words. */
  doing: string;
  /** What it has said in the present call of its model. */
  said: { readonly call: string; text: string } | undefined;
  /** Its open questions to people, by ticket. */
  readonly questions: Map<string, string>;
  /** The address of its actor; undefined until it is seen. */
  actor: string | undefined;
}

/** Rows by name; `root` is the name of what runs. */
export function workerRows(root: string): ProgressRows {
  const actors = actorViews();
  const names = actorNames(root);
  const translate = streamEvents(root);
  const workers = new Map<string, Worker>();
  /** The machine of each actor. */
  const machines = new Map<string, string>();

  function workerOf(name: string): Worker {
    const known = workers.get(name);
    if (known) return known;
    const added: Worker = { name, doing: '', said: undefined, questions: new Map(), actor: undefined };
    workers.set(name, added);
    return added;
  }

  function learn(event: Extract<Inspection, { type: 'commit' }>): void {
    names.learn(event);
    machines.set(event.actor, event.machine);
    const worker = workerOf(names.nameOf(event.actor));
    if (event.machine === 'wait' && event.status !== 'active') worker.questions.delete(event.actor);
    if (!isMachinery(event)) worker.actor = event.actor;
  }

  /** The line for an event; empty for what is a matter of the machinery, or not worth a line. */
  function lineOf(event: StreamEvent, worker: Worker): string[] {
    if (event.type === 'text') {
      const before = worker.said?.call === event.call ? worker.said.text : '';
      worker.said = { call: event.call, text: before + event.text };
      worker.doing = `says: ${firstWords(worker.said.text)}`;
      return [];
    }
    const said = event.type === 'discarded' ? [] : saidBy(worker);
    worker.said = undefined;
    if (event.type === 'reasoning') worker.doing = `thinks: ${firstWords(event.text)}`;
    if (event.type === 'asked') worker.questions.set(event.ticket, event.question);
    const text = event.type === 'phase' ? phaseText(machines.get(event.actor) ?? '', event.phase) : eventText(event);
    if (text === undefined || (event.type === 'phase' && text === worker.doing)) return said;
    worker.doing = text;
    const view = event.type === 'phase' ? actors.views.get(event.actor) : undefined;
    return [...said, [event.name, ending(view) ?? text, costOf(view)].filter(Boolean).join('  ')];
  }

  const saidBy = ({ name, said }: Worker): string[] =>
    said && said.text.trim() !== '' ? [`${name}  says: ${firstWords(said.text)}`] : [];

  return {
    apply(event) {
      actors.apply(event);
      if (event.type === 'commit') learn(event);
      const lines = translate(event).flatMap((each) => lineOf(each, workerOf(each.name)));
      const name = names.nameOf(event.actor);
      if (event.type === 'effect.failed' && event.failure) lines.push(`${name}  ${event.failure.message}`);
      if (event.type === 'restarted') lines.push(`${name}  starts again: ${event.failure.message}`);
      if (event.type === 'dead')
        lines.push(`${name}  the message "${event.message.type}" was not taken: ${event.failure.message}`);
      return lines.map(escapeControls);
    },
    nameOf: names.nameOf,
    rows: () =>
      [...workers.values()].flatMap(({ name, actor, doing, questions }) => {
        const view = actor === undefined ? undefined : actors.views.get(actor);
        if (!view) return [];
        const [question] = questions.values();
        const asks = view.status === 'active' && question !== undefined;
        const text = asks ? `waits for a person: ${question}` : (ending(view) ?? doing);
        const line = escapeControls([name, text, costOf(view)].filter(Boolean).join('  '));
        return [{ status: asks ? 'asking' : statusOf(view), text: line, changed: view.lastChanged } as const];
      }),
    used: () => usedText(actors.views),
  };
}

/** Why an actor failed; undefined when it has not. */
function ending(view: ActorView | undefined): string | undefined {
  const message = view?.failure?.message;
  return message === undefined ? undefined : `has failed: ${message}`;
}

const costOf = (view: ActorView | undefined): string =>
  view?.usage && view.usage.steps > 0 ? usageText(view.usage) : '';
