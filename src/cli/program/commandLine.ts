/** What the definitions of all commands share: how a command is made, common options, and parsers of their values. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { bytesOf } from '../../values/bytes.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { maxReplicas } from '../../nats/options.ts';
import { logLevels } from '../../observe/levels.ts';
import type { Cli } from '../cli.ts';

/** What a definition of a command gets. */
export interface CommandContext {
  readonly cli: Cli;
  /** Takes the result of a command: its exit code becomes that of the command line. */
  readonly setExitCode: (action: Promise<number>) => Promise<void>;
}

/** Makes a command under `parent`, with its usage (`tail <run>`), a description and examples. */
export function defineCommand(parent: Command, usage: string, description: string, ...examples: string[]): Command {
  const made = parent
    .command(usage)
    .description(description)
    .addHelpText('after', examplesText(...examples));
  const path = parent.parent === null ? made.name() : `${parent.name()} ${made.name()}`;
  return made.showHelpAfterError(`See "troupe ${path} --help".`).allowExcessArguments(false);
}

/** A group of commands, such as `troupe runs`. */
export const commandGroup = (
  troupe: Command,
  name: string,
  description: string,
  example = `troupe ${name} list`,
): Command =>
  troupe
    .command(name)
    .description(description)
    .showHelpAfterError(`See "troupe ${name} --help".`)
    .addHelpText('after', examplesText(example));

/** Adds the options in `CommonOptions`: the journal, the server and JSON. */
export const commonOptions = (command: Command): Command =>
  command
    .option('--db <file>', 'the journal (TROUPE_DB, or ./.troupe/troupe.db)')
    .option(
      '--nats <url>',
      'a NATS server that carries the messages, and keeps the journal unless --db does (TROUPE_NATS)',
    )
    .option('--nats-creds <file>', 'a file with the credentials for that server (TROUPE_NATS_CREDS)')
    .option(
      '--nats-accept-restored',
      'go on with a server that was restored to an older state; what is not in it is given up',
    )
    .option(
      '--nats-replicas <count>',
      'on how many servers of a NATS cluster the journal is stored when it is made (TROUPE_NATS_REPLICAS, or 1)',
      parseReplicas,
    )
    .option('--tenant <name>', 'the tenant on that server whose runs are used (TROUPE_TENANT, or default)')
    .option('--json', 'print JSON for programs');

/** Adds the options in `RemoteOrchestratorOptions`: an orchestrator over HTTP, and the credentials for it. */
export const orchestratorOptions = (command: Command): Command =>
  command
    .option('--orchestrator <url>', 'ask this orchestrator over HTTP (TROUPE_ORCHESTRATOR_URL, KTSU_ORCHESTRATOR_URL)')
    .option('--token <token>', 'for the orchestrator: sent as Authorization: Bearer (TROUPE_HTTP_TOKEN)')
    .option('--header <name:value>', 'for the orchestrator: a further header; may be repeated', collect, []);

/** Adds the options in `FollowOptions`: those in `CommonOptions`, and how a run is followed. */
export const followOptions = (command: Command): Command =>
  commonOptions(command)
    .option('--inspect [port]', 'show the run live in a browser on this machine', parsePort)
    .addOption(new Option('--log <level>', 'write a log to stderr').choices(logLevels).env('TROUPE_LOG'))
    .option('-q, --quiet', 'no progress')
    .option('--verbose', 'progress shows every actor with its states and effects')
    .option('--no-ask', 'do not ask questions here, even on a terminal');

/** The examples at the end of a help text. */
export const examplesText = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line.startsWith('troupe') ? '$ ' : ''}${line}`).join('\n')}\n`;

/** Parses an option that may be repeated: adds its value to those before. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** Parses a whole number from 1. Throws `InvalidArgumentError`. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999999999.');
}

/** Parses the place of a line. Throws `InvalidArgumentError`. */
export function parsePlace(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected the place of a line: a whole number from 0.');
}

/** Parses a number of servers. Throws `InvalidArgumentError`. */
export function parseReplicas(text: string): number {
  if (/^\d$/.test(text) && Number(text) >= 1 && Number(text) <= maxReplicas) return Number(text);
  throw new InvalidArgumentError(`Expected 1 to ${maxReplicas}; with 3, one server may fail.`);
}

/** Parses a size such as `10G`, to bytes. Throws `InvalidArgumentError`. */
export function parseSize(text: string): number {
  const bytes = bytesOf(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Expected a size above zero: 10G, 512M, 64K, or bytes.');
}

/** Parses a percentage from 0 to 100. Throws `InvalidArgumentError`. */
export function parsePercent(text: string): number {
  if (/^\d{1,3}(\.\d+)?$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError('Expected a percentage, 0 to 100.');
}

/** Parses a port. Throws `InvalidArgumentError`. */
export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}

/** Parses a number above 0. Throws `InvalidArgumentError`. */
export function parseWeight(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Parses `host:port`, or a port of 127.0.0.1. Throws `InvalidArgumentError`. */
export function parseHostPort(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', number = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (number !== '' && Number(number) < 65_536) return { host, port: Number(number) };
  throw new InvalidArgumentError('Expected a port, or host:port, such as 8080 or 0.0.0.0:8080.');
}

/** Parses a duration such as `90s`, to milliseconds. Throws `InvalidArgumentError`. */
export function parseDuration(text: string): number {
  try {
    // `milliseconds` rejects text that is no duration.
    return milliseconds(text as Duration);
  } catch {
    throw new InvalidArgumentError('Expected a number with a unit, above zero: 500ms, 90s, 10m, 2h, 1d.');
  }
}
