/** `troupe check`: looks at everything that can happen in what a file defines, and prints what is wrong with it and what was shown not to be. */
import { basename } from 'node:path';
import type { CheckOptions, CheckReport, Finding } from '../testing/index.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';
import { say, writeJson } from './output.ts';

export interface CheckFlags {
  readonly json?: boolean;
  readonly diagram?: boolean;
  readonly maxStates?: number;
  readonly maxDepth?: number;
  /** Milliseconds. */
  readonly within?: number;
  readonly faults?: string;
  readonly input?: string;
  readonly set: readonly string[];
  /** Cassettes: recorded runs, to be compared instead. */
  readonly against?: readonly string[];
}

/** A file may say more about itself: `export const check = { samples: { … }, context: { … } }`. */
export async function check(cli: Cli, path: string, flags: CheckFlags): Promise<number> {
  const { json, diagram = false, maxStates, maxDepth, within, faults, set, against = [] } = flags;
  if (against.length > 0)
    return (await import('./against.ts')).against(cli, path, { against, ...(json ? { json } : {}) });
  const { input, settings } = await inputFrom(cli, flags.input, set);
  const { file, subject, exports } = await load(cli.cwd, path, settings);
  const { check: explore } = await import('../testing/index.ts');
  const given = optionsIn(file, exports['check']);
  const report = await explore(subject, {
    ...given,
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(within === undefined ? {} : { within }),
    ...(faults === undefined ? {} : { faults: faultsFrom(faults) }),
    ...(flags.input === undefined ? {} : { input }),
    progress: (states, open) => say(cli, `${states} states seen, ${open} to be looked at`),
  });
  if (json) writeJson(cli.out, report);
  else cli.out.write(`${textOf(report, basename(file), diagram)}\n`);
  return report.findings.length > 0 ? exit.failed : exit.done;
}

function optionsIn(file: string, given: unknown): CheckOptions {
  if (given === undefined) return {};
  if (typeof given === 'object' && given !== null) return given;
  throw new UsageError(
    `${file} exports "check", which is a ${typeof given}. Expected options: { samples, context, … }.`,
  );
}

/** `drop=1,dup=0`. That the names and numbers can be is checked where they are used. */
function faultsFrom(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [, name, count] = /^(\w+)=(\d+)$/.exec(pair.trim()) ?? [];
      if (name === undefined) throw new UsageError(`--faults expects drop=1,dup=1,crash=1; got "${text}".`);
      return [name, Number(count)];
    }),
  );
}

function textOf(
  { name, states, transitions, findings, proved, unproven }: CheckReport,
  file: string,
  diagram: boolean,
): string {
  const count = (number: number) => number.toLocaleString('en');
  return [
    `${name}: ${count(states)} states, ${count(transitions)} transitions, ${findings.length === 0 ? 'nothing found' : `${findings.length} found`}.`,
    ...findings.map((finding) => findingText(finding, file, diagram)),
    ...list('Proved, for what the samples and the model of the faults cover:', proved),
    ...list('Not proved:', unproven),
  ].join('\n\n');
}

function findingText({ kind, says, trace, mermaid, story }: Finding, file: string, diagram: boolean): string {
  if (trace.length === 0 && story === '') return `${kind}: ${says}`;
  return [
    `${kind}: ${says}`,
    ...(trace.length > 0 ? [trace.map((line) => `  ${line}`).join('\n')] : []),
    ...(diagram ? [`\`\`\`mermaid\n${mermaid}\n\`\`\``] : []),
    `\`\`\`ts\n${story.replace(/from '\.\/.*'/, `from './${file}'`)}\n\`\`\``,
  ].join('\n\n');
}

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [[title, ...lines.map((line) => `- ${line}`)].join('\n')];
