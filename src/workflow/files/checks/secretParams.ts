/** Which parameters of each workflow are secret: those that say so, and those that a workflow passes a secret to. */
import { declaredVariables } from '../define/environment.ts';
import { secretProperties } from '../define/legacySecrets.ts';
import { stepTexts } from '../define/texts.ts';
import type { ReadText } from '../language.ts';
import { linked, type Sources, type WorkflowNode } from '../project/sources.ts';

/** The secret parameters of every workflow, by its file. */
export function secretParamsOf(sources: Sources): Map<string, Set<string>> {
  const secret = new Map([...sources.workflows.values()].map((node) => [node.file, secretProperties(node)]));
  // A secret may go down through several workflows: until nothing is added.
  for (let grew = true; grew;) {
    grew = false;
    for (const node of sources.workflows.values()) grew = passDown(node, secret) || grew;
  }
  return secret;
}

function passDown(node: WorkflowNode, secret: ReadonlyMap<string, Set<string>>): boolean {
  const steps = node.value?.pipeline ?? [];
  const ids = steps.map(({ id }) => id);
  let grew = false;
  for (const [at, link] of node.workflows) {
    const step = steps[at];
    const child = secret.get(linked(link) ?? '');
    if (!step || !child) continue;
    for (const text of stepTexts(step, ids)) {
      const [where, name] = text.path;
      if ((where !== 'params' && where !== 'input') || typeof name !== 'string' || child.has(name)) continue;
      if (!readsSecret(text, node, secret.get(node.file))) continue;
      child.add(name);
      grew = true;
    }
  }
  return grew;
}

/** Whether a text of a workflow reads a secret. */
export function readsSecret(
  { reads }: Pick<ReadText, 'reads'>,
  node: WorkflowNode,
  secretParams: ReadonlySet<string> | undefined,
): boolean {
  const variables = node.value ? declaredVariables(node.value) : [];
  return (
    reads.env.some((name) => variables.some((variable) => variable.secret && variable.name === name)) ||
    (reads.whole.includes('env') && variables.some((variable) => variable.secret)) ||
    reads.params.some((name) => secretParams?.has(name)) ||
    (reads.whole.includes('params') && (secretParams?.size ?? 0) > 0)
  );
}
