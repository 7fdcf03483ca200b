/** What templates read, without running them: the edges between steps, and errors before a run. */
import { beforeAll, expect, test } from 'vitest';
import { referencesOf } from '../../../src/workflow/expressions/references.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';

beforeAll(loadLanguage);

test('a reference is found at every depth, in text, behind functions and pipes, and with a flat id', () => {
  const raw = {
    a: '{{ step.fetch.items[0] }}',
    b: ['x {{ params.p }} {{ env.E }}', { c: '{{ length(search-hn.list) | to_string(@) }}' }],
    d: '{{ item.url }}',
    e: 'env:OLD',
  };
  expect(referencesOf(raw, { ids: ['search-hn', 'other'] })).toEqual({
    steps: ['fetch', 'search-hn'],
    env: ['E', 'OLD'],
    params: ['p'],
    item: true,
    whole: [],
    unknown: [],
  });
});

test('a field of an element is no step, a whole namespace is said, and so is a name that stands for nothing', () => {
  expect(
    referencesOf('step.a.list[?other == params.p].third', { position: 'condition', ids: ['a', 'other', 'third'] }),
  ).toMatchObject({ steps: ['a'], params: [] });
  expect(referencesOf('keys(env)', { position: 'condition' })).toMatchObject({ whole: ['env'] });
  expect(referencesOf('nobody.x != null', { position: 'condition', ids: ['a'] })).toMatchObject({
    steps: [],
    unknown: ['nobody'],
  });
});

test('in a body, a text is a reference when it begins with a known name', () => {
  expect(
    referencesOf({ a: 'fetch.x', b: 'word', c: 'a b c', d: 'item' }, { position: 'body', ids: ['fetch'] }),
  ).toMatchObject({ steps: ['fetch'], item: false, unknown: [] });
});

test('a text that cannot be read says what is wrong and where', () => {
  expect(referencesOf('ab {{ step.d.n > }}', { position: 'param' }).problem).toEqual({
    message: 'it ends too early',
    offset: 16,
  });
  expect(referencesOf('step.d.n >', { position: 'condition' }).problem).toEqual({
    message: 'it ends too early',
    offset: 10,
  });
  expect(referencesOf('a b c', { position: 'body' }).problem).toBeUndefined();
  expect(referencesOf('{{ open').problem).toMatchObject({ offset: 0 });
});
