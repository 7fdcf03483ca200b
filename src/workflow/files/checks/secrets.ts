/** Checks the chain of secrets: a secret goes only where it is known to be one, and never into a condition, a result or a question. */
import { agentParameters } from '../define/agent.ts';
import type { FileProblem } from '../problem.ts';
import { linked, type WorkflowNode } from '../project/sources.ts';
import type { CheckContext } from './context.ts';
import type { PlacedText } from './references.ts';
import { secretProperties } from '../define/legacySecrets.ts';
import { readsSecret } from './secretParams.ts';
import { mayShow } from './serverOverrides.ts';

/** Checks where the secrets of a workflow go. */
export function checkSecrets(node: WorkflowNode, texts: readonly PlacedText[], context: CheckContext): FileProblem[] {
  const secret = (text: PlacedText) => readsSecret(text, node, context.secretParams.get(node.file));
  return [
    ...texts
      .filter((text) => isSignature(text) && !secret(text))
      .map(({ path }) => node.yaml.problem(path, notASecret)),
    ...texts.filter(secret).flatMap((text) => [...seen(node, text), ...passed(node, text, context)]),
    ...checkSecretParams(node, texts, context, secret),
  ];
}

const isSignature = ({ path: [, , kind, key] }: PlacedText): boolean => kind === 'webhook' && key === 'sign';

const notASecret =
  'What signs a webhook is a secret: "{{ env.NAME }}" of a variable with "secret: true", or a secret parameter.';

/** What is decided by, stored or shown must not read a secret. */
function seen({ yaml }: WorkflowNode, { position, path }: PlacedText): FileProblem[] {
  const places: Partial<Record<PlacedText['position'], string>> = {
    condition: 'A condition',
    list: 'The list of "for_each"',
    output: 'The output of a workflow',
    text: 'A question to a person',
  };
  const place = places[position];
  return place === undefined
    ? []
    : [yaml.problem(path, `${place} must not read a secret: it would be stored or shown.`)];
}

/** A secret that goes into a parameter which is not one. */
function passed(node: WorkflowNode, { path, step = -1 }: PlacedText, { sources }: CheckContext): FileProblem[] {
  const [, , where, name] = path;
  if ((where !== 'params' && where !== 'input') || typeof name !== 'string') return [];
  const agent = sources.agents.get(linked(node.agents.get(step)) ?? '');
  const param = agent?.value && agentParameters(agent.value).find((each) => each.name === name);
  if (param && !param.secret)
    return [
      node.yaml.problem(
        path,
        `A secret is passed to "${name}", which the agent does not keep secret: add "secret: true" to it in the agent file.`,
      ),
    ];
  const [, , , , server, serverParam] = path;
  if (agent && name === 'server' && mayShow(agent, String(server), String(serverParam), sources))
    return [
      node.yaml.problem(
        path,
        `A secret is passed to "${String(serverParam)}", which the server does not keep secret: add "secret: true" to it in the server file.`,
      ),
    ];
  const child = sources.workflows.get(linked(node.workflows.get(step)) ?? '');
  if (!child?.value || secretProperties(child).has(name)) return [];
  return [
    node.yaml.problem(
      path,
      `A secret is passed to "${name}": add "secret: true" to it in the parameters of that workflow, so that everybody sees it.`,
      { severity: 'warning' },
    ),
  ];
}

/** A secret parameter of an agent takes secrets only. */
function checkSecretParams(
  node: WorkflowNode,
  texts: readonly PlacedText[],
  { sources }: CheckContext,
  secret: (text: PlacedText) => boolean,
): FileProblem[] {
  return [...node.agents].flatMap(([at, link]) => {
    const agent = sources.agents.get(linked(link) ?? '');
    const given = node.value?.pipeline[at]?.params ?? {};
    const secrets = agent?.value ? agentParameters(agent.value).filter((param) => param.secret) : [];
    return secrets.flatMap(({ name }) => {
      if (given[name] == null) return [];
      const path = ['pipeline', at, 'params', name];
      const text = texts.find((each) => each.step === at && each.path.join('.') === path.join('.'));
      if (text && secret(text)) return [];
      // The older spelling needs no declaration, and takes its value for a secret one.
      if (text && /^env:\w+$/.test(text.text)) return [];
      return [
        node.yaml.problem(
          path,
          `"${name}" of the agent is secret, and this is not: take it from a variable of "env" with "secret: true", or from a secret parameter.`,
        ),
      ];
    });
  });
}
