/** Checks what the expressions of a workflow read: steps that there are, variables that are declared, and no environment but in a root. */
import { stepOrder } from '../../expressions/stepOrder.ts';
import { nearestName } from '../../../values/options.ts';
import { allVariables, declaredVariables, legacyVariable } from '../define/environment.ts';
import { stepTexts, transformReferences, transformSource } from '../define/texts.ts';
import { textReads, type ReadText } from '../language.ts';
import { meantByName } from '../../expressions/otherSyntax.ts';
import { namespaces } from '../../expressions/meaning.ts';
import { isBare } from '../../expressions/position.ts';
import type { FileProblem } from '../problem.ts';
import type { WorkflowNode } from '../project/sources.ts';

/** A text of a workflow with its place in the file. */
export interface PlacedText extends ReadText {
  /** The step that it is in, by its place; absent outside of steps. */
  readonly step?: number;
}

/** All texts of a workflow that may hold expressions. */
export function workflowTexts(node: WorkflowNode): PlacedText[] {
  const source = node.value;
  if (!source) return [];
  const ids = source.pipeline.map(({ id }) => id);
  return [
    ...source.pipeline.flatMap((step, at) =>
      stepTexts(step, ids).map((text) => ({
        ...text,
        path: ['pipeline', at, ...text.path],
        step: at,
      })),
    ),
    ...textReads(source.output?.map, ['output', 'map'], 'output', { ids }),
    ...textReads(source.invoke?.auth?.secret, ['invoke', 'auth', 'secret'], 'param', { ids }),
  ];
}

/** Checks all references of a workflow. */
export function checkReferences(node: WorkflowNode, texts: readonly PlacedText[]): FileProblem[] {
  const source = node.value;
  if (!source) return [];
  const ids = source.pipeline.map(({ id }) => id);
  return [
    ...texts.flatMap((text) => [
      ...syntax(node, text),
      ...unknownSteps(node, text, ids),
      ...unknownNames(node, text, ids),
      ...dollars(node, text),
    ]),
    ...checkTransforms(node, ids),
    ...checkEnvironment(node, texts),
    ...checkOutput(node, ids),
  ];
}

function syntax({ yaml }: WorkflowNode, { path, reads }: PlacedText): FileProblem[] {
  if (!reads.problem) return [];
  const { message, offset } = reads.problem;
  return [yaml.problem(path, `This expression cannot be read: ${message}.`, { deferred: true, offset })];
}

function unknownSteps(
  { yaml }: WorkflowNode,
  { path, reads, text }: PlacedText,
  ids: readonly string[],
): FileProblem[] {
  return reads.steps
    .filter((id) => !stepOrder(ids).has(id))
    .map((id) => {
      const offset = Math.max(0, text.indexOf(id));
      return yaml.problem(path, `There is no step "${id.slice(0, 80)}" to read.${didYouMean(id, ids)}`, { offset });
    });
}

function unknownNames(node: WorkflowNode, text: PlacedText, ids: readonly string[]): FileProblem[] {
  const { yaml } = node;
  const at = (name: string) => ({ offset: Math.max(0, text.text.indexOf(name)) });
  const stray = text.reads.item && !text.fansOut;
  return [
    ...(stray ? [yaml.problem(text.path, noItem(node, text), at('item'))] : []),
    ...text.reads.unknown.map((name) =>
      yaml.problem(
        text.path,
        `"${name.slice(0, 80)}" stands for nothing: it is no step, and not params, env or item.${meantBy(name, text.text, ids)}`,
        at(name),
      ),
    ),
  ];
}

function meantBy(name: string, expression: string, ids: readonly string[]): string {
  const meant = meantByName(name, expression);
  return meant === undefined ? didYouMean(name, [...ids, ...namespaces]) : ` ${meant}.`;
}

/** Other languages write `${{ }}`. */
function dollars({ yaml }: WorkflowNode, { path, text, position }: PlacedText): FileProblem[] {
  const offset = text.indexOf('${{');
  if (offset < 0 || isBare(position)) return [];
  const message = 'The "$" before "{{" is no part of a template: it is sent as it is.';
  return [yaml.problem(path, message, { severity: 'warning', offset })];
}

/** Why there is no item at a place. */
function noItem({ value }: WorkflowNode, { path: [, , where], step = -1 }: PlacedText): string {
  if (value?.pipeline[step]?.for_each == null) return 'There is no "item" here: the step has no "for_each".';
  return where === 'condition'
    ? 'A condition is asked once, and not for each item: leave items out of the list, as in "list[?score > `5`]".'
    : 'The list is read before there is an item.';
}

/** An input that is no step counts as null, so that it is only a warning. */
function checkTransforms({ yaml, value }: WorkflowNode, ids: readonly string[]): FileProblem[] {
  return (value?.pipeline ?? []).flatMap((step, at) =>
    transformReferences(step).flatMap(({ path, text }) => {
      const id = transformSource(text);
      const isItem = step.for_each != null && (id === 'item' || id === step.for_each.as);
      if (id === undefined || isItem || stepOrder(ids).has(id)) return [];
      const message = `There is no step "${id.slice(0, 80)}", so that nothing is taken from it.${didYouMean(id, ids)}`;
      return [yaml.problem(['pipeline', at, ...path], message, { severity: 'warning' })];
    }),
  );
}

const didYouMean = (id: string, ids: readonly string[]) => {
  const meant = nearestName(id, ids);
  return meant === undefined ? '' : ` Did you mean "${meant}"?`;
};

function checkEnvironment(node: WorkflowNode, texts: readonly PlacedText[]): FileProblem[] {
  const { value: source, yaml } = node;
  if (!source) return [];
  const declared = declaredVariables(source).map(({ name }) => name);
  const twice = declared.flatMap((name, at) =>
    declared.indexOf(name) === at
      ? []
      : [yaml.problem(['env', at, 'name'], `The variable "${name}" is declared twice.`)],
  );
  if (source.visibility === 'sub-workflow') return [...twice, ...environmentUses(node, texts)];
  return [
    ...twice,
    ...texts.flatMap(({ path, text, reads }) => {
      const legacy = legacyVariable.exec(text.trim())?.[1];
      if (legacy !== undefined) return [yaml.problem(path, olderSpelling(legacy, declared), { severity: 'warning' })];
      return reads.env
        .filter((name) => !declared.includes(name))
        .map((name) =>
          yaml.problem(path, `The variable "${name}" is not declared: add it to "env".${didYouMean(name, declared)}`, {
            offset: Math.max(0, text.indexOf(name)),
            // Only the door reads it, and no step can.
            ...(path[0] === 'invoke' ? { severity: 'warning' as const } : {}),
          }),
        );
    }),
  ];
}

const olderSpelling = (name: string, declared: readonly string[]) =>
  `"env:${name}" is an older spelling: write "{{ env.${name} }}"${declared.includes(name) ? '' : ` and declare "${name}" in "env"`}.`;

/** Where a workflow reads the environment, which only a root may. */
export function environmentUses({ value, yaml }: WorkflowNode, texts: readonly PlacedText[]): FileProblem[] {
  const message = 'Only a root workflow reads the environment: pass the value to this one as a parameter.';
  const uses = texts.filter(
    ({ text, reads }) => reads.env.length > 0 || reads.whole.includes('env') || legacyVariable.test(text.trim()),
  );
  return [
    ...((value?.env ?? []).length > 0 ? [yaml.problem(['env'], message, { key: true })] : []),
    ...uses.map(({ path }) => yaml.problem(path, message)),
  ];
}

/** Whether a workflow reads any variable. */
export const readsEnvironment = (node: WorkflowNode): boolean =>
  node.value !== undefined && allVariables(node.value).length > 0;

function checkOutput({ yaml, value }: WorkflowNode, ids: readonly string[]): FileProblem[] {
  const { map, from } = value?.output ?? {};
  return [
    ...(map && from != null
      ? [
          yaml.problem(['output', 'from'], 'The output is made by "map" or taken "from" a step, not both.', {
            key: true,
          }),
        ]
      : []),
    ...(from != null && !stepOrder(ids).has(from)
      ? [
          yaml.problem(
            ['output', 'from'],
            `There is no step "${from.slice(0, 80)}" to take the output from.${didYouMean(from, ids)}`,
          ),
        ]
      : []),
  ];
}
