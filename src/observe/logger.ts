/** Logs what can be seen: one line per event on stderr, JSON in a pipe and readable on a terminal, each with its run, actor and the id that caused it. */
import { pino } from 'pino';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import type { LogLevel } from './levels.ts';
import { stateWords, visible, warningIn } from './words.ts';

export type { LogLevel };
type Written = Exclude<LogLevel, 'silent'>;

export interface LoggerOptions {
  /** What is written at all; `info` unless told otherwise. */
  level?: LogLevel;
  out?: { write(text: string): unknown };
  /** Readable lines instead of JSON. */
  terminal?: boolean;
  color?: boolean;
  /** Applied to every line; see `redactor`. */
  redact?: (line: string) => string;
}

export interface Logger {
  readonly observe: Observer;
  /** A line that is not about an event. `time` is milliseconds since the epoch. */
  write(level: Written, time: number, message: string, facts?: Record<string, unknown>): void;
}

/** @example const log = logger({ level: 'debug', terminal: process.stderr.isTTY }); runtime.observe(log.observe); */
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
      return 'warn';
    case 'health':
      return event.from === undefined && event.standing.status === 'healthy'
        ? 'debug'
        : event.standing.status === 'healthy'
          ? 'info'
          : 'warn';
    case 'progress':
      return warningIn(event.note) === undefined ? 'trace' : 'warn';
    case 'effect.started':
    case 'effect.done':
    case 'effect.stopped':
      return 'debug';
    default:
      return 'error';
  }
}

/** Bodies and contexts only at `trace`: they are large, and other people's. */
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
        state: stateWords(event.state),
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
      return { ...(event as object), time: at };
  }
}

function messageOf(event: Inspection): string {
  switch (event.type) {
    case 'commit':
      return `${event.event.type} -> ${stateWords(event.state) || event.status}`;
    case 'dead':
      return `"${event.message.type}" could not be delivered`;
    case 'health':
      return `${event.component.kind} ${event.component.name} is ${event.standing.status}`;
    case 'restarted':
      return `restarted (${event.how}) by ${event.by}`;
    case 'progress':
      return warningIn(event.note) ?? 'progress';
    case 'effect.started':
    case 'effect.done':
    case 'effect.failed':
    case 'effect.stopped':
      return `${event.name} ${event.type.slice('effect.'.length)}`;
    default:
      return (event as Inspection).type;
  }
}

const paint: Record<string, number> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31 };

/** `12:00:01.250 WARN  agent/r1.writer  callModel failed  transient: the server is busy` */
function readable(line: string, color: boolean): string {
  const { level, time, actor, run, msg, failure } = JSON.parse(line) as Record<string, unknown> & {
    failure?: { kind: string; message: string };
  };
  const clock = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : '';
  const grade = String(level).toUpperCase().padEnd(5);
  const parts = [
    clock,
    color ? `\u001b[${paint[String(level)] ?? 0}m${grade}\u001b[0m` : grade,
    ...[actor ?? run, msg, failure ? `${failure.kind}: ${failure.message}` : undefined]
      .filter(Boolean)
      .map((part) => visible(String(part))),
  ];
  return `${parts.join('  ')}\n`;
}
