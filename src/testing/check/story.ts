/** A trace as a test to paste: it leads there and says what comes of it today. What a mended one should do is for its author to write. */
import type { AgentOutput } from '../../contracts/agent.ts';
import type { Json } from '../../contracts/json.ts';
import type { RunMessage } from '../../contracts/run.ts';
import type { AnyTeam, Subject } from '../../subject.ts';
import type { MachineEvent } from '../../system/chart.ts';
import { play } from '../play.ts';
import type { FindingKind } from './report.ts';
import type { Trace } from './sequence.ts';
import type { Stage } from './stage.ts';

export interface Tale {
  readonly kind: FindingKind;
  readonly says: string;
  readonly trace: Trace;
  readonly stage: Stage;
  readonly subject: Subject;
  readonly input: Json;
}

export function storyOf(tale: Tale): string {
  switch (tale.subject.kind) {
    case 'team':
      return teamStory(tale, (said) => (tale.subject as AnyTeam).next(said));
    case 'guarded':
    case 'orchestrator':
      return checkStory(tale);
    default:
      return machineStory(tale);
  }
}

const eventsOf = ({ way, loop }: Trace): MachineEvent[] =>
  [...way, ...loop].flatMap(({ event, cause }) => (event && cause !== 'drop' ? [event] : []));

/** What the root took, in order, and where it stands then. */
function machineStory({ kind, says, trace, input, subject, stage }: Tale): string {
  const { machine } = stage.type.chart;
  const events = eventsOf(trace);
  const lines = events.map((event) => `    ${eventText(event)},`);
  const used = ['after', 'done', 'failed'].filter((name) => lines.some((line) => line.trim().startsWith(`${name}(`)));
  const name = variable(subject.name);
  return [
    `import { expect, test } from 'vitest';`,
    `import { ${[...used, 'play'].join(', ')} } from 'troupe/testing';`,
    `import ${name} from './${subject.name}.ts';`,
    '',
    `test(${text(`${kind} in ${subject.name}`)}, () => {`,
    `  // ${says}`,
    `  const story = () => play(${name}.type.chart.machine, ${text(input)}, [`,
    ...lines,
    '  ]);',
    `  ${ending(() => play(machine, input as never, events).at(-1), 'story().at(-1)', 'story')}`,
    '});',
  ].join('\n');
}

/** Its machine is ours, and made of what was written: what can be written down is that it is found. */
function checkStory({ kind, says, subject, input }: Tale): string {
  const name = variable(subject.name);
  return [
    `import { expect, test } from 'vitest';`,
    `import { check } from 'troupe/testing';`,
    `import ${name} from './${subject.name}.ts';`,
    '',
    `test(${text(`${kind} in ${subject.name}`)}, async () => {`,
    `  // ${says}`,
    `  // It was started with ${text(input)}`,
    `  const { findings } = await check(${name});`,
    `  expect(findings.map(({ kind }) => kind)).toContain(${text(kind)});`,
    '});',
  ].join('\n');
}

/** What was said in the team, in order, and what its route makes of it. */
function teamStory({ kind, says, trace, input, subject }: Tale, next: AnyTeam['next']): string {
  const said = [input as unknown as RunMessage, ...eventsOf(trace).flatMap(answerIn)].map(({ type, body }) => ({
    type,
    body,
  }));
  const name = variable(subject.name);
  return [
    `import { expect, test } from 'vitest';`,
    `import ${name} from './${subject.name}.ts';`,
    '',
    `test(${text(`${kind} in ${subject.name}`)}, () => {`,
    `  // ${says}`,
    '  const said = [',
    ...said.map((message) => `    ${text(message)},`),
    '  ] as const;',
    `  ${ending(() => next(said), `${name}.next(said)`, `() => ${name}.next(said)`)}`,
    '});',
  ].join('\n');
}

/** What comes of it today. */
function ending(today: () => unknown, value: string, call: string): string {
  try {
    return `expect(${value}).toEqual(${text(today())});`;
  } catch (thrown) {
    return `expect(${call}).toThrow(${text((thrown as Error).message)});`;
  }
}

function answerIn(event: MachineEvent): RunMessage[] {
  const { output } = event as { output?: Partial<AgentOutput> };
  return event.type.startsWith('xstate.done.actor.member.') && output?.status === 'completed' && 'answer' in output
    ? [output.answer as RunMessage]
    : [];
}

function eventText(event: MachineEvent): string {
  const { output, error } = event as { output?: unknown; error?: unknown };
  const [, how, id] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type) ?? [];
  if (how === 'done') return `done(${text(id)}, ${text(output ?? null)})`;
  if (how === 'error') return `failed(${text(id)}, ${text(error ?? null)})`;
  const [, delay, state] = /^xstate\.after\.([^.]+)\.(.+)$/.exec(event.type) ?? [];
  return delay === undefined ? text(event) : `after(${text(delay)}, ${text(state)})`;
}

/** As it is written in a program: strings in single quotes where that is plain. */
const text = (value: unknown): string =>
  typeof value === 'string' && !/['\\\n]/.test(value) ? `'${value}'` : JSON.stringify(value);

const variable = (name: string): string => {
  const words = name.replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) => next.toUpperCase());
  return /^[A-Za-z]/.test(words) ? words : `the${words}`;
};
