/** Questions of `wait` steps behind the contract of the orchestrator, read from their tickets. */
import { isDeepStrictEqual } from 'node:util';
import { WaitInput } from '../../../contracts/wait.ts';
import { StepRecord } from '../../../contracts/workflow/step.ts';
import type { ActorRow, Journal } from '../../../journal/journal.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { toFailure } from '../../../values/failure.ts';
import { propertiesOf } from '../../../values/properties.ts';
import { timeText } from '../contracts/stepViews.ts';
import type { WaitView } from '../contracts/waitViews.ts';
import type { OrchestratorService } from '../orchestrator/service.ts';
import { runAbove, type RowOf } from './stepPlaces.ts';
import { inputOf, storedRun } from './storedRuns.ts';
import { ticketPage } from './ticketPages.ts';

/** The methods of the service about questions. */
export function questions(runtime: Pick<Runtime, 'journal' | 'answer'>): Pick<OrchestratorService, 'waits' | 'answer'> {
  const { journal } = runtime;
  return {
    async waits(query) {
      const { items, ...more } = await ticketPage(journal, { ...query, pending: true }, viewOf);
      return { items: items.map(({ view }) => view), ...more };
    },
    async answer({ run, step, answer, by = 'a person over HTTP' }) {
      const { items: open } = await ticketPage(journal, { run: run.split('/')[0], pending: true }, viewOf);
      const asked = open.find(({ view }) => view.run_id === run && view.step_id === step);
      if (!asked) return endedAs(journal, { run, step, answer });
      try {
        await runtime.answer(asked.ticket, answer, by);
        return 'done';
      } catch (thrown) {
        const { kind } = toFailure(thrown);
        if (kind === 'conflict' || kind === 'expired' || kind === 'unknown_recipient') return 'answered';
        throw thrown;
      }
    },
  };
}

/** What became of a question that is open no more. An item has no record of its own: that it was asked is all that is known. */
async function endedAs(
  journal: Journal,
  { run, step, answer }: Parameters<OrchestratorService['answer']>[0],
): Promise<'same' | 'answered' | 'missing'> {
  const found = await storedRun(journal, run);
  const [, id = '', item] = /^(.*?)(\.\d+)?$/s.exec(step) ?? [];
  if (found?.outline.steps[id]?.kind !== 'wait') return 'missing';
  if (item !== undefined) return 'answered';
  const records = (await journal.list(found.row.actor, 'records')).map((entry) => StepRecord.parse(entry));
  const record = records.findLast((each) => each.id === id);
  if (!record) return 'missing';
  return record.end.status === 'complete' && isDeepStrictEqual(record.end.output, answer) ? 'same' : 'answered';
}

/** Undefined for a ticket that is no `wait` step. */
async function viewOf(ticket: ActorRow, rowOf: RowOf): Promise<WaitView | undefined> {
  const parent = ticket.parent && (await rowOf(ticket.parent));
  const step_id = parent ? stepOf(ticket, parent) : undefined;
  const { data: asked } = WaitInput.safeParse(inputOf(ticket));
  const run_id = step_id !== undefined && asked ? await runAbove(ticket, rowOf) : undefined;
  if (step_id === undefined || run_id === undefined || !asked) return undefined;
  const { question, schema, deadline, onExpiry } = asked;
  return {
    run_id,
    step_id,
    question,
    schema,
    ...(onExpiry === 'fail' ? {} : { default: onExpiry.default }),
    created_at: timeText(ticket.created),
    expires_at: timeText(ticket.created + deadline),
  };
}

/** The step that a child of a workflow or of a fan-out does; undefined when the parent is none of these. */
function stepOf({ meta }: ActorRow, parent: ActorRow): string | undefined {
  const child = String(propertiesOf(meta).id);
  if (parent.type === 'fan-out') return `${String(propertiesOf(inputOf(parent)).step)}.${child.replace(/^item\./, '')}`;
  const { running } = propertiesOf(propertiesOf(propertiesOf(parent.snapshot).state).context);
  const { kind, step } = propertiesOf(propertiesOf(running)[child]);
  return kind === 'wait' && typeof step === 'string' ? step : undefined;
}
