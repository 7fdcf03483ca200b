/** Reports as text for people and as JSON for programs. */
import { relative } from 'node:path';
import type { Json } from '../../../values/json.ts';
import type { FileProblem } from '../problem.ts';
import { reportGroups, type FileReport, type Report } from './validate.ts';

/** How a report is written. */
export interface ReportTextOptions {
  /** Whether OKAY and FAIL have colours; false by default. */
  readonly color?: boolean;
}

/** A report in groups, with OKAY or FAIL for each file, what is wrong under it, and a line with the totals. */
export function reportText(report: Report, { color = false }: ReportTextOptions = {}): string {
  const groups = reportGroups.flatMap((group) => {
    const files = report.files.filter((file) => file.group === group);
    return files.length === 0 ? [] : [`${group}\n${files.map((file) => fileText(file, report.dir, color)).join('')}`];
  });
  return [...groups, totals(report)].join('\n');
}

function fileText({ name, problems }: FileReport, dir: string, color: boolean): string {
  const failed = problems.some(({ severity }) => severity === 'error');
  const word = failed ? paint('FAIL', 31, color) : paint('OKAY', 32, color);
  return [`  ${word}  ${name}\n`, ...problems.map((problem) => `        ${shortText(problem, dir)}\n`)].join('');
}

/** A problem with its path from the project. */
const shortText = ({ file, line, column, path, message, severity }: FileProblem, dir: string) =>
  `${relative(dir, file)}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}${path === '' ? '' : ` (${path})`}`;

const paint = (text: string, code: number, color: boolean) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

function totals({ files, errors, warnings, valid }: Report): string {
  if (files.length === 0) return 'There are no workflow files here.\n';
  const failed = files.filter(({ problems }) => problems.some(({ severity }) => severity === 'error')).length;
  const notes = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  return valid
    ? `${counted(files.length, 'file')}, all valid${notes}\n`
    : `${counted(files.length, 'file')}, ${failed} with errors: ${counted(errors, 'error')}${notes}\n`;
}

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A report as JSON. Paths are from the project. */
export const reportJson = ({ dir, files, valid, errors, warnings }: Report): Json => ({
  valid,
  errors,
  warnings,
  files: files.map(({ group, name, problems }) => ({
    group: group.toLowerCase(),
    file: name,
    valid: problems.every(({ severity }) => severity !== 'error'),
    problems: problems.map(({ file, ...problem }) => ({ file: relative(dir, file), ...problem })),
  })),
});
