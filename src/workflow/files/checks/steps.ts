/** Checks what every step needs: an id of its own, one kind of work, and keys that belong to it. */
import { stepOrder } from '../../expressions/stepOrder.ts';
import type { FileProblem } from '../problem.ts';
import type { WorkflowNode } from '../project/sources.ts';
import type { StepSource } from '../schema/step.ts';
import { nearestName } from '../../../values/options.ts';
import { readExpression } from '../../expressions/jmespath.ts';
import { readOperation } from '../define/transform.ts';

/** The kinds of work, as keys of a step. */
export const primitives = ['agent', 'transform', 'webhook', 'workflow', 'wait'] as const;

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
const reserved = ['env', 'params', 'step', 'item', 'item_index'];

/** The kinds of work of a step; it should be one. */
export const primitivesOf = (step: StepSource) => primitives.filter((name) => step[name] != null);

/** Checks the steps of a workflow, each for itself and among each other. */
export function checkSteps(node: WorkflowNode): FileProblem[] {
  const steps = node.value?.pipeline ?? [];
  const lines = new Map<string, number>();
  return steps.flatMap((step, at) => {
    const path = ['pipeline', at];
    const before = lines.get(step.id);
    lines.set(step.id, before ?? node.yaml.at([...path, 'id']).line);
    return [
      ...checkId(node, path, step.id, before),
      ...checkWork(node, path, step),
      ...checkDependencies(node, path, step, steps),
      ...checkOperations(node, path, step),
      ...checkUnwrapped(node, path, step, steps),
      ...checkForEach(node, path, step, steps),
    ];
  });
}

type Path = readonly (string | number)[];

function checkId(node: WorkflowNode, path: Path, id: string, before: number | undefined): FileProblem[] {
  const problem = (message: string) => [node.yaml.problem([...path, 'id'], message, { whole: true })];
  if (!idPattern.test(id))
    return problem(
      `The id of a step has letters, digits, "-" and "_", at most 64, and ${JSON.stringify(id.slice(0, 80))} does not fit.`,
    );
  if (reserved.includes(id)) return problem(`"${id}" is a word of expressions, and cannot be the id of a step.`);
  return before === undefined ? [] : problem(`There is a step "${id}" already, in line ${before}.`);
}

function checkWork(node: WorkflowNode, path: Path, step: StepSource): FileProblem[] {
  const [first, ...others] = primitivesOf(step);
  if (first === undefined)
    return [node.yaml.problem(path, `The step "${step.id}" does nothing: give it one of ${primitives.join(', ')}.`)];
  if (others.length > 0)
    return [
      node.yaml.problem(
        [...path, others[0] ?? ''],
        `A step does one thing, and "${step.id}" has ${[first, ...others].join(', ')}. Make a step of each.`,
        { key: true, whole: true },
      ),
    ];
  const idle = (key: keyof StepSource, kind: string, onlyFor: readonly string[]): FileProblem[] =>
    step[key] == null || onlyFor.includes(first)
      ? []
      : [
          node.yaml.problem([...path, key], `"${key}" does nothing here: it belongs to ${kind}.`, {
            severity: 'warning',
            key: true,
          }),
        ];
  return [
    ...idle('input', 'workflow steps', ['workflow']),
    ...idle('webhooks', 'workflow steps', ['workflow']),
    ...idle('model', 'agent steps', ['agent']),
    ...idle('on', 'webhook steps', ['webhook']),
    ...idle('params', 'agent and workflow steps', ['agent', 'workflow']),
    ...(step.consolidation == null
      ? []
      : [
          node.yaml.problem([...path, 'consolidation'], '"consolidation" does nothing.', {
            severity: 'warning',
            key: true,
          }),
        ]),
    ...(step.on === 'approval' && (step.depends_on ?? []).length === 0
      ? [node.yaml.problem([...path, 'on'], 'A step for approvals needs "depends_on" with the step that asks.')]
      : []),
  ];
}

function checkDependencies(
  node: WorkflowNode,
  path: Path,
  step: StepSource,
  steps: readonly StepSource[],
): FileProblem[] {
  const ids = steps.map(({ id }) => id);
  return (step.depends_on ?? []).flatMap((id, at) => {
    if (stepOrder(ids).has(id)) return [];
    const meant = nearestName(id, ids);
    const more = meant === undefined ? '' : ` Did you mean "${meant}"?`;
    return [
      node.yaml.problem([...path, 'depends_on', at], `There is no step "${id.slice(0, 80)}" to depend on.${more}`, {
        whole: true,
      }),
    ];
  });
}

function checkOperations(node: WorkflowNode, path: Path, step: StepSource): FileProblem[] {
  return (step.transform?.ops ?? []).flatMap((map, at) => {
    const read = readOperation(map);
    const place = [...path, 'transform', 'ops', at];
    if ('problem' in read) return [node.yaml.problem([...place, ...read.path], read.problem)];
    const { operation, warning } = read;
    const [key, text] =
      'expr' in operation ? ['expr', operation.expr] : 'field' in operation ? ['field', operation.field] : [];
    const expression = text === undefined ? undefined : readExpression(text);
    return [
      ...(expression && !('tree' in expression)
        ? [
            node.yaml.problem(
              [...place, operation.op, key ?? ''],
              `This expression cannot be read: ${expression.message}.`,
              {
                deferred: true,
                offset: expression.offset,
              },
            ),
          ]
        : []),
      ...(warning === undefined
        ? []
        : [node.yaml.problem([...place, 'sort', 'order'], warning, { severity: 'warning' })]),
    ];
  });
}

/** The results of a fan-out are one value: without a flatten behind it, `map: {expr: results}` gives a list with one list in it. */
function checkUnwrapped(
  { yaml }: WorkflowNode,
  path: Path,
  { transform }: StepSource,
  steps: readonly StepSource[],
): FileProblem[] {
  const [input, another] = transform?.inputs ?? [];
  const from = (typeof input === 'string' ? input : input?.from)?.replace(/^step\./, '');
  const isFanOut = another === undefined && steps.some(({ id, for_each: each }) => id === from && each != null);
  const read = (transform?.ops ?? []).slice(0, 2).map((map) => readOperation(map));
  const [first, next] = read.map((one) => ('operation' in one ? one.operation : undefined));
  if (!isFanOut || first?.op !== 'map' || first.expr.trim() !== 'results' || !next || next.op === 'flatten') return [];
  const message = `The results are one list, so that "${next.op}" is given a list with one list in it: write "flatten: {}" before it.`;
  return [yaml.problem([...path, 'transform', 'ops', 1], message, { severity: 'warning' })];
}

/** The names that expressions of a workflow begin with. */
const takenNames = (steps: readonly StepSource[]) => new Set([...reserved, ...steps.map(({ id }) => id), 'input']);

function checkForEach(
  node: WorkflowNode,
  path: Path,
  { for_each: each }: StepSource,
  steps: readonly StepSource[],
): FileProblem[] {
  if (!each) return [];
  const lists = [each.from, each.items].filter((list) => list != null).length;
  return [
    ...(lists === 1
      ? []
      : [
          node.yaml.problem(
            [...path, 'for_each'],
            '"for_each" needs the key "from", the list; "items" is another word for it.',
          ),
        ]),
    ...(each.as == null || each.as === 'item' || !takenNames(steps).has(each.as)
      ? []
      : [
          node.yaml.problem(
            [...path, 'for_each', 'as'],
            `"${each.as}" has a meaning in expressions already: give the item another name.`,
          ),
        ]),
  ];
}
