/** Logs inspection events, one line each: JSON, or readable text for a terminal, with the run, the actor and the id of the message. */
import { pino } from 'pino';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { propertiesOf } from '../values/properties.ts';
import type { LogLevel } from './levels.ts';
import { stallText } from './stallText.ts';
import { formatState, escapeControls, warningOf } from './format.ts';

export type { LogLevel };
type Written = Exclude<LogLevel, 'silent'>;

/** How much is logged, where, and in which form. */
export interface LoggerOptions {
  /** The lowest level that is written; `info` by default. */
  level?: LogLevel;
  /** `process.stderr` by default. */
  out?: { write(text: string): unknown };
  /** Readable lines instead of JSON; false by default. */
  terminal?: boolean;
  /** Colours in readable lines; false by default. */
  color?: boolean;
  /** Applied to every line; see `redactor`. By default nothing is masked. */
  redact?: (line: string) => string;
}

/** A log; give `observe` every inspection event. */
export interface Logger {
  readonly observe: Observer;
  /** A line that is not about an event. `time` is milliseconds since the epoch. */
  write(level: Written, time: number, message: string, facts?: Record<string, unknown>): void;
}

/**
 * Makes a log.
 * @example const log = logger({ level: 'debug', terminal: process.stderr.isTTY }); runtime.observe(log.observe);
 */
export function logger({
  level = 'info',
  out = process.stderr,
  terminal = false,
  color = false,
  redact = (line) => line,
}: LoggerOptions = {}): Logger {
  const destination = {
    write(line: string) {
      const safe = redact(line);
      out.write(terminal ? readable(safe, color) : safe);
    },
  };
  const log = pino(
    { level, base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );

  return {
    observe(event) {
      const at = levelOf(event);
      if (log.isLevelEnabled(at)) log[at](factsOf(event, log.isLevelEnabled('trace')), messageOf(event));
    },
    write(at, time, message, facts = {}) {
      log[at]({ time, ...facts }, message);
    },
  };
}

function levelOf(event: Inspection): Written {
  switch (event.type) {
    case 'commit':
      return event.status === 'failed' ? 'warn' : event.status === 'active' ? 'debug' : 'info';
    case 'effect.failed':
    case 'restarted':
    case 'continued':
      return 'warn';
    case 'health':
      return event.from === undefined && event.standing.status === 'healthy'
        ? 'debug'
        : event.standing.status === 'healthy'
          ? 'info'
          : 'warn';
    case 'progress':
      return warningOf(event.note) === undefined ? 'trace' : 'warn';
    case 'effect.started':
    case 'effect.done':
    case 'effect.stopped':
      return 'debug';
    default:
      return 'error';
  }
}

/** Bodies and contexts only at `trace`: they are large, and may hold private data. */
function factsOf(event: Inspection, everything: boolean): Record<string, unknown> {
  const { type, at, run, actor } = event;
  const facts = { time: at, run, actor, type };
  switch (event.type) {
    case 'commit': {
      const { id, type: name, from, body } = event.event;
      const { seq, parent, status, failure } = event;
      const more = everything ? { body, context: event.context } : {};
      return {
        ...facts,
        seq,
        parent,
        message: id,
        event: name,
        from,
        state: formatState(event.state),
        status,
        failure,
        ...more,
      };
    }
    case 'progress':
      return { ...facts, key: event.key, note: event.note };
    case 'health':
      return {
        ...facts,
        component: `${event.component.kind}/${event.component.name}`,
        from: event.from,
        ...event.standing,
      };
    case 'restarted':
      return { ...facts, by: event.by, how: event.how, failure: event.failure };
    case 'dead':
      return {
        ...facts,
        message: event.message.id,
        event: event.message.type,
        from: event.message.from,
        failure: event.failure,
      };
    case 'effect.started':
    case 'effect.done':
    case 'effect.failed':
    case 'effect.stopped':
      return { ...facts, key: event.key, effect: event.name, again: event.again || undefined, failure: event.failure };
    default:
      return { ...event, time: at };
  }
}

function messageOf(event: Inspection): string {
  switch (event.type) {
    case 'commit':
      return `${event.event.type} -> ${formatState(event.state) || event.status}`;
    case 'dead':
      return `"${event.message.type}" could not be delivered`;
    case 'health':
      return `${event.component.kind} ${event.component.name} is ${event.standing.status}`;
    case 'restarted':
      return `restarted (${event.how}) by ${event.by}`;
    case 'progress':
      return warningOf(event.note) ?? 'progress';
    case 'effect.started':
    case 'effect.done':
    case 'effect.failed':
    case 'effect.stopped':
      return `${event.name} ${event.type.slice('effect.'.length)}`;
    case 'stalled':
    case 'continued':
      return stallText(event);
  }
}

const ansiColors: Record<string, number> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31 };

/** `12:00:01.250 WARN  agent/r1.writer  callModel failed  transient: the server is busy` */
function readable(line: string, color: boolean): string {
  const { level, time, actor, run, msg, failure } = propertiesOf(JSON.parse(line));
  const { kind, message } = propertiesOf(failure);
  const clock = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : '';
  const levelText = String(level).toUpperCase().padEnd(5);
  const parts = [
    clock,
    color ? `\u001b[${ansiColors[String(level)] ?? 0}m${levelText}\u001b[0m` : levelText,
    ...[actor ?? run, msg, failure ? `${String(kind)}: ${String(message)}` : undefined]
      .filter(Boolean)
      .map((part) => escapeControls(String(part))),
  ];
  return `${parts.join('  ')}\n`;
}
