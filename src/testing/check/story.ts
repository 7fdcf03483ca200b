/** Writes a trace as a test to paste: it leads to the finding and asserts what happens today. What should happen is for its author to write. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { AgentOutput } from '../../contracts/agent.ts';
import type { Json } from '../../values/json.ts';
import { RunMessage } from '../../contracts/run.ts';
import type { AnyTeam, Runnable } from '../../define/runnable.ts';
import type { MachineEvent } from '../../core/chart.ts';
import { errorMessage } from '../../values/cause.ts';
import { play } from '../play.ts';
import type { FindingKind } from './report.ts';
import type { Trace } from './sequence.ts';
import type { CheckOptions } from './options.ts';

/** What a test is written from. */
export interface StorySource {
  /** The kind of finding. */
  readonly kind: FindingKind;
  /** What is wrong. */
  readonly says: string;
  /** How it comes about. */
  readonly trace: Trace;
  /** What was checked. */
  readonly subject: Runnable;
  /** The input of the run. */
  readonly input: Json;
  /** The options of the check. */
  readonly options: CheckOptions;
}

/** The source text of the test. */
export function storyOf(source: StorySource): string {
  const { subject } = source;
  switch (subject.kind) {
    case 'team':
      return teamStory(source, (said) => subject.next(said));
    case 'machine':
      return machineStory(source, subject.type.chart.machine);
    default:
      return checkStory(source);
  }
}

const eventsOf = ({ steps, loop }: Trace): MachineEvent[] =>
  [...steps, ...loop].flatMap(({ event, cause }) => (event && cause !== 'drop' ? [event] : []));

/** The events that the root handled, in order, and where it rests then. */
function machineStory({ kind, says, trace, input, subject }: StorySource, machine: AnyStateMachine): string {
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
    `  // ${oneLine(says)}`,
    `  const story = () => play(${name}.type.chart.machine, ${text(input)}, [`,
    ...lines,
    '  ]);',
    `  ${ending(() => play(machine, input, events).at(-1), 'story().at(-1)', 'story')}`,
    '});',
  ].join('\n');
}

/** The machine is the runtime's own, so the test asserts that the check reports the finding. */
function checkStory({ kind, says, subject, input, options }: StorySource): string {
  const name = variable(subject.name);
  const { text: given, others } = optionsText(options);
  return [
    `import { expect, test } from 'vitest';`,
    `import { check } from 'troupe/check';`,
    `import ${name} from './${subject.name}.ts';`,
    '',
    `test(${text(`${kind} in ${subject.name}`)}, async () => {`,
    `  // ${oneLine(says)}`,
    `  // It was started with ${text(input)}`,
    ...(others.length > 0 ? [`  // Add what cannot be written here: ${others.join(', ')}.`] : []),
    `  const { findings } = await check(${[name, ...(given === '' ? [] : [given])].join(', ')});`,
    `  expect(findings.map(({ kind }) => kind)).toContain(${text(kind)});`,
    '});',
  ].join('\n');
}

/** The options of the check that decide what is found, as source text; `others` are those that are no JSON. */
function optionsText({ faults, maxStates, maxDepth, input, samples, steers, context }: CheckOptions): {
  readonly text: string;
  readonly others: readonly string[];
} {
  const plain = { faults, maxStates, maxDepth, input, steers };
  const isPlain = (value: unknown) => isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  const given = Object.entries({ ...plain, ...(isPlain(samples ?? null) ? { samples } : {}) }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    text: given.length === 0 ? '' : `{ ${given.map(([name, value]) => `${name}: ${text(value)}`).join(', ')} }`,
    others: [...(isPlain(samples ?? null) ? [] : ['samples']), ...(context ? ['context'] : [])],
  };
}

/** The messages of the team, in order, and what its route decides about them. */
function teamStory({ kind, says, trace, input, subject }: StorySource, next: AnyTeam['next']): string {
  const said = [RunMessage.parse(input), ...eventsOf(trace).flatMap(answerIn)].map(({ type, body }) => ({
    type,
    body,
  }));
  const name = variable(subject.name);
  return [
    `import { expect, test } from 'vitest';`,
    `import ${name} from './${subject.name}.ts';`,
    '',
    `test(${text(`${kind} in ${subject.name}`)}, () => {`,
    `  // ${oneLine(says)}`,
    '  const said = [',
    ...said.map((message) => `    ${text(message)},`),
    '  ] as const;',
    `  ${ending(() => next(said), `${name}.next(said)`, `() => ${name}.next(said)`)}`,
    '});',
  ].join('\n');
}

/** The assertion of what happens today. */
function ending(today: () => unknown, value: string, call: string): string {
  try {
    return `expect(${value}).toEqual(${text(today())});`;
  } catch (thrown) {
    return `expect(${call}).toThrow(${text(errorMessage(thrown))});`;
  }
}

function answerIn(event: MachineEvent): RunMessage[] {
  if (!event.type.startsWith('xstate.done.actor.member.')) return [];
  const output = AgentOutput.safeParse(event['output']).data;
  return output?.status === 'completed' ? [output.answer] : [];
}

function eventText(event: MachineEvent): string {
  const { output, error }: Readonly<Record<string, unknown>> = event;
  const [, how, id] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type) ?? [];
  if (how === 'done') return `done(${text(id)}, ${text(output ?? null)})`;
  if (how === 'error') return `failed(${text(id)}, ${text(error ?? null)})`;
  const [, delay, state] = /^xstate\.after\.([^.]+)\.(.+)$/.exec(event.type) ?? [];
  return delay === undefined ? text(event) : `after(${text(delay)}, ${text(state)})`;
}

/** A line break would end the comment. */
const oneLine = (words: string): string => words.replace(/\s*[\n\r\u2028\u2029]\s*/g, ' ');

/** A value as source text: a string in single quotes where it needs no escapes, otherwise JSON. */
const text = (value: unknown): string =>
  typeof value === 'string' && !/['\\\n]/.test(value) ? `'${value}'` : JSON.stringify(value);

const variable = (name: string): string => {
  const words = name.replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) => next.toUpperCase());
  return /^[A-Za-z]/.test(words) ? words : `the${words}`;
};
