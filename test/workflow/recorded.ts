/** The outputs of the steps of recorded projects, on which their expressions and transforms are tried. */
import type { JsonObject } from '../../src/values/json.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';

/** What step `d` of the recorded projects puts out. */
export const recordedD: JsonObject = {
  ok: true,
  n: 3,
  arr: [1, 'x'],
  obj: { k: 1 },
  nul: null,
  s: 'str',
  items: [{ v: 2, name: 'b' }, { v: 1, name: 'a' }, { name: 'n' }, { v: 2, name: 'c' }],
  nested: [[1, 2], [3], 4],
  urls: ['u0', 'u1', 'u2'],
  empty: [],
  eobj: {},
  zero: 0,
  f: false,
  estr: '',
  'hy-phen': 'hv',
  mixed: [{ k: 10 }, { k: 9 }, { k: 'b' }, { k: 'a' }, { k: null }],
};

/** What step `d2` puts out. */
export const recordedD2: JsonObject = { obj: { k: 2, z: 9 }, items: [{ v: 7 }], s: 'str2', only2: 1 };

/** Values with both steps; the variable FOO and the parameter x are not secret. */
export const recordedValues = (more: Partial<WorkflowValues> = {}): WorkflowValues => ({
  params: { x: 'inx' },
  env: { FOO: 'fooval' },
  step: { d: recordedD, d2: recordedD2 },
  sealed: {},
  ...more,
});
