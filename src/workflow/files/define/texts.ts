/** All texts of a step that may hold expressions, with their places: what edges, checks and secrets are found from. */
import type { StepSource } from '../schema/step.ts';
import type { Position } from '../../expressions/position.ts';
import { textReads, foundTexts, type FoundText, type ReadText } from '../language.ts';

/** What was found in steps: several checks ask for it, and the source of a step does not change. */
const found = new WeakMap<StepSource, readonly ReadText[]>();

/** The texts of a step, with paths from the step. `ids` are the steps of its workflow. */
export function stepTexts(step: StepSource, ids: readonly string[]): readonly ReadText[] {
  const texts = found.get(step) ?? findTexts(step, ids);
  found.set(step, texts);
  return texts;
}

function findTexts(step: StepSource, ids: readonly string[]): ReadText[] {
  const read = (value: unknown, path: readonly string[], position: Position): ReadText[] =>
    textReads(value, path, position, {
      ids,
      // The list and the condition are read once, before there is an item.
      fansOut: step.for_each != null && path[0] !== 'for_each' && path[0] !== 'condition',
      itemName: step.for_each?.as ?? undefined,
    });
  const list = step.for_each?.from == null ? 'items' : 'from';
  return [
    ...read(step.condition, ['condition'], 'condition'),
    ...read(step.for_each?.[list], ['for_each', list], 'list'),
    ...read(step.params, ['params'], 'param'),
    ...read(step.input, ['input'], 'input'),
    ...read(step.webhook?.url, ['webhook', 'url'], 'url'),
    ...read(step.webhook?.headers, ['webhook', 'headers'], 'header'),
    ...read(step.webhook?.body, ['webhook', 'body'], 'body'),
    ...read(step.webhook?.sign, ['webhook', 'sign'], 'param'),
    ...read(step.wait?.question, ['wait', 'question'], 'text'),
  ];
}

/** The step that an input or a merge of a transform names, which may be written as `ID`, `step.ID`, `ID.field` or in braces. Undefined for the parameters of the workflow. */
export function transformSource(text: string): string | undefined {
  const bare = text.replaceAll(/^\s*\{\{|\}\}\s*$/g, '').trim();
  const [, quoted, plain] = /^(?:step\.)?(?:"([^"]+)"|([^.[\]]+))/.exec(bare) ?? [];
  const name = quoted ?? plain ?? bare;
  return name === 'params' || name === 'input' ? undefined : name;
}

/** What the inputs and merges of a step name, with their places. */
export function transformReferences(step: StepSource): FoundText[] {
  const inputs = (step.transform?.inputs ?? []).map((input, at) => ({
    path: typeof input === 'string' ? ['transform', 'inputs', at] : ['transform', 'inputs', at, 'from'],
    text: typeof input === 'string' ? input : input.from,
  }));
  const merges = (step.transform?.ops ?? []).flatMap((map, at) =>
    foundTexts(map['merge'], ['transform', 'ops', at, 'merge']).map(({ path, text }) => ({ path: [...path], text })),
  );
  return [...inputs, ...merges];
}
