/** What an event of a run is in plain words, for one line of a display. Long values are cut, and values of secret properties are left out. */
import type { Json } from '../values/json.ts';
import { isJsonObject } from '../values/json.ts';
import type { StreamEvent } from './streamEvents.ts';

/** Characters of an argument, of a result, and of what was said, that are shown. */
const longest = 80;

/** What the phases of our machines mean to a person. A phase that is not here is a matter of the machinery. */
const phaseWords: Readonly<Record<string, string>> = {
  thinking: 'thinks',
  asking: 'asks its model',
  drafting: 'plans',
  analyzing: 'reads the task',
  checking: 'checks its result',
  retry: 'waits, then tries again',
  alternativeApproach: 'tries another way',
  fallback: 'takes another model',
  paused: 'is paused',
  completed: 'has ended well',
  done: 'has ended well',
  failed: 'has failed',
  cancelled: 'was cancelled',
  expired: 'has run out of time',
  aborted: 'was stopped',
};

/** Machines of the runtime, whose phases have the words above. The phases of a user's machine are shown as they are. */
const ours: ReadonlySet<string> = new Set(['agent', 'run', 'router', 'guardrail', 'workflow', 'agentStep', 'fanOut']);

/** The phase of an actor in plain words; undefined when it is a matter of the machinery. */
export const phaseText = (machine: string, phase: string): string | undefined =>
  ours.has(machine) ? (Object.hasOwn(phaseWords, phase) ? phaseWords[phase] : undefined) : phase;

/** An event in plain words, without its name; undefined for pieces of text and for phases, which say nothing alone. */
export function eventText(event: StreamEvent): string | undefined {
  switch (event.type) {
    case 'tool.called':
      return `calls ${event.tool} ${argumentsText(event.input)}`;
    case 'tool.answered':
      return `${event.tool} ${event.ok ? 'answered' : 'failed'}: ${firstWords(event.content)}`;
    case 'discarded':
      return `the answer broke off: ${event.failure.message}`;
    case 'step':
      return stepText(event);
    case 'asked':
      return `waits for a person: ${event.question}`;
    case 'warning':
      return `warning: ${event.message}`;
    case 'text':
    case 'reasoning':
    case 'phase':
      return undefined;
  }
}

const stepKinds: Readonly<Record<string, string>> = { fanOut: 'its items', items: 'its items' };

function stepText({ step, status, kind = '', reason }: Extract<StreamEvent, { type: 'step' }>): string {
  switch (status) {
    case 'begun':
      return `step ${step} has begun (${Object.hasOwn(stepKinds, kind) ? stepKinds[kind] : kind})`;
    case 'ended':
      return `step ${step} has ended`;
    case 'complete':
      return `step ${step} is complete`;
    case 'skipped':
      return `step ${step} was skipped: ${reason ?? ''}`;
    case 'failed':
      return `step ${step} has failed: ${reason ?? ''}`;
  }
}

const secretName = /key|token|secret|passw|credential|authori[sz]ation|cookie/i;

/** The arguments of a call as short JSON; the values of properties with the name of a secret are left out. */
export const argumentsText = (input: Json): string => cut(JSON.stringify(withoutSecrets(input)));

function withoutSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, own]) => [
      name,
      secretName.test(name) && (typeof own === 'string' || typeof own === 'number')
        ? '[redacted]'
        : withoutSecrets(own),
    ]),
  );
}

/** The beginning of a text, on one line. */
export const firstWords = (text: string): string => cut(text.replace(/\s+/g, ' ').trim());

/** Cut at whole characters, and where possible between words. */
function cut(text: string): string {
  const characters = Array.from(text.slice(0, longest * 4));
  if (characters.length <= longest && text.length <= longest * 4) return text;
  const short = characters.slice(0, longest).join('');
  const space = short.lastIndexOf(' ');
  return `${space > longest / 2 ? short.slice(0, space) : short}…`;
}
