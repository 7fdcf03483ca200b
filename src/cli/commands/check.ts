/** `troupe check`: explores every reachable state of what a file defines, and prints what is wrong and what was proved. */
import { basename } from 'node:path';
import type { CheckOptions, CheckReport, Finding } from '../../testing/check/index.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { writeMessage, writeJson } from '../output/write.ts';
import { isWorkflowFile } from '../workflowFile.ts';

/** The options of `troupe check`. */
export interface CheckCommandOptions {
  /** Prints the report as JSON; false by default. */
  readonly json?: boolean;
  /** Draws each finding as a sequence diagram; false by default. */
  readonly diagram?: boolean;
  /** 50,000 by default. */
  readonly maxStates?: number;
  /** Events from the start; no limit by default. */
  readonly maxDepth?: number;
  /** Milliseconds; 60,000 by default. */
  readonly within?: number;
  /** How often each fault may happen, as `drop=1,dup=1,crash=1`. */
  readonly faults?: string;
  /** The input, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** Paths of cassettes; if there are any, their runs are compared instead. */
  readonly against?: readonly string[];
}

/** Checks a file, which may have options of its own: `export const check = { samples: { … }, context: { … } }`. Resolves to exit code 1 when something was found. */
export async function checkCommand(cli: Cli, path: string, flags: CheckCommandOptions): Promise<number> {
  const { json, diagram = false, maxStates, maxDepth, within, faults, set, against = [] } = flags;
  if (against.length > 0)
    return (await import('./checkAgainst.ts')).checkAgainst(cli, path, { against, ...(json ? { json } : {}) });
  if (isWorkflowFile(path))
    throw new UsageError(
      `check explores teams, agents and machines. A workflow is checked with: troupe workflow validate (and drawn with troupe workflow graph ${path}).`,
    );
  const { input, settings } = await readRunInput(cli, flags.input, set);
  const { file, subject, exports } = await loadDefinition(cli.cwd, path, settings);
  const { check: explore } = await import('../../testing/check/index.ts');
  const own = optionsIn(file, exports['check']);
  const report = await explore(subject, {
    ...own,
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(within === undefined ? {} : { within }),
    ...(faults === undefined ? {} : { faults: faultsFrom(faults) }),
    ...(flags.input === undefined ? {} : { input }),
    progress: (states, open) => writeMessage(cli, `${states} states explored, ${open} left`),
  });
  if (json) writeJson(cli.out, report);
  else cli.out.write(`${textOf(report, basename(file), diagram)}\n`);
  return report.findings.length > 0 ? exitCodes.failed : exitCodes.done;
}

function optionsIn(file: string, exported: unknown): CheckOptions {
  if (exported === undefined) return {};
  if (typeof exported === 'object' && exported !== null) return exported;
  throw new UsageError(
    `${file} exports "check", which is a ${typeof exported}. Expected options: { samples, context, … }.`,
  );
}

/** Reads `drop=1,dup=0`. The checker itself validates the names and numbers. */
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
    `\`\`\`ts\n${story.replace(/from '\.\/.*'/, () => `from './${file}'`)}\n\`\`\``,
  ].join('\n\n');
}

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [[title, ...lines.map((line) => `- ${line}`)].join('\n')];
