/** All checks of one workflow file. */
import { schemaOf } from '../define/agent.ts';
import type { FileProblem } from '../problem.ts';
import type { WorkflowNode } from '../project/sources.ts';
import { checkCalls } from './calls.ts';
import type { CheckContext } from './context.ts';
import { checkFileCycle, checkStepCycle } from './cycles.ts';
import { checkReplacedGroups } from './modelGroups.ts';
import { checkReferences, workflowTexts } from './references.ts';
import { checkDefault, checkReservedNames, checkSchema } from './schemas.ts';
import { checkSecrets } from './secrets.ts';
import { checkSteps } from './steps.ts';

/** Checks a workflow file, without the files that it uses. */
export function checkWorkflow(node: WorkflowNode, context: CheckContext): FileProblem[] {
  if (!node.value) return [...node.problems];
  const texts = workflowTexts(node);
  return [
    ...node.problems,
    ...checkSteps(node),
    ...checkStepCycle(node),
    ...checkFileCycle(node, context.sources),
    ...checkReferences(node, texts),
    ...checkCalls(node, context),
    ...checkReplacedGroups(node, context),
    ...checkSecrets(node, texts, context),
    ...checkSchemas(node),
    ...checkAuthentication(node),
  ];
}

/** How the sender of an invocation can show who it is. */
const schemes: readonly string[] = ['bearer', 'raw', 'hmac-sha256', 'standard-webhooks'];

/** Without a scheme that there is, an invocation is answered with 500: the workflow itself could be run. */
function checkAuthentication({ yaml, value }: WorkflowNode): FileProblem[] {
  const auth = value?.invoke?.auth;
  if (!auth) return [];
  if (auth.header == null && auth.scheme !== 'standard-webhooks')
    return [yaml.problem(['invoke', 'auth'], 'Expected "header": the header that the sender shows the secret in.')];
  if (schemes.includes(String(auth.scheme))) return [];
  const came = auth.scheme == null ? 'there is none' : `here is ${JSON.stringify(String(auth.scheme).slice(0, 60))}`;
  return [
    yaml.problem(
      ['invoke', 'auth', 'scheme'],
      `Expected ${schemes.map((scheme) => `"${scheme}"`).join(', ')}, and ${came}.`,
      { deferred: true },
    ),
  ];
}

function checkSchemas({ yaml, value }: WorkflowNode): FileProblem[] {
  return [
    ...checkSchema(yaml, ['params', 'schema'], value?.params?.schema),
    ...checkSchema(yaml, ['output', 'schema'], value?.output?.schema),
    ...(value?.pipeline ?? []).flatMap((step, at) => {
      const path = ['pipeline', at, 'output', 'schema'];
      return [
        ...checkSchema(yaml, path, step.output?.schema),
        ...checkReservedNames(yaml, path, schemaOf(step.output?.schema)),
        ...checkSchema(yaml, ['pipeline', at, 'wait', 'schema'], step.wait?.schema),
        ...checkDefault(yaml, ['pipeline', at, 'wait'], step.wait),
      ];
    }),
  ];
}
