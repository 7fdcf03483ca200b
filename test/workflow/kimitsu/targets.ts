/** Where the recorded system did what it should not: what is expected instead, and why. And how our words for a failure are recognized. */

/** What is expected of a case instead of what was recorded. */
export interface Target {
  /** In a sentence. */
  readonly why: string;
  readonly status?: 'complete' | 'failed';
  /** By the id of the step; null: it is not reached. What is not named here is as it was recorded. */
  readonly steps?: Readonly<Record<string, StepTarget | null>>;
  /** The user messages that the model is sent last, in any order. */
  readonly asked?: readonly string[];
  /** The bodies that arrive, in their order. */
  readonly hooks?: readonly (readonly [url: string, body: unknown])[];
}

/** The end of a step. */
export interface StepTarget {
  /** Left out where it depends on which of two steps ends first. */
  readonly status?: 'complete' | 'skipped' | 'failed';
  readonly output?: unknown;
  /** How often the model was asked. */
  readonly llm?: number;
  readonly notes?: unknown;
}

const failsWhole = (why: string, ids: readonly string[]): Target => ({
  why,
  status: 'failed',
  steps: Object.fromEntries(ids.map((id) => [id, null])),
  asked: [],
});

const d = {
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

const result = (value: unknown): Readonly<Record<string, StepTarget>> => ({
  t: { status: 'complete', output: { result: value } },
});
const repaired = 'The whole schema of the agent is enforced, and the model may repair its answer once.';
const retried = 'What may pass is asked for again.';

/** By the id of the case. */
export const targets: Readonly<Record<string, Target>> = {
  'p1/a_tpl': {
    why: 'A template that gives null gives no value, and a required parameter needs one; it is not left as its text.',
    status: 'failed',
    steps: { s1: null, s2: { status: 'failed', llm: 0 }, s3: null },
    asked: ['{}'],
  },
  'p1/a_mixed2': {
    why: 'A text with several templates is a text.',
    status: 'complete',
    steps: { s: { status: 'complete', output: { ok: true }, llm: 1 } },
    asked: ['{}', 'A=str and str B=defb C='],
  },
  'p1/al_agentschema': { why: repaired, status: 'failed', steps: { s: { status: 'failed', llm: 2 } } },
  'p1/al_stepschema': { why: repaired, status: 'failed', steps: { s: { status: 'failed', llm: 2 } } },
  'p1/al_type': { why: repaired, status: 'failed', steps: { s: { status: 'failed', llm: 2 } } },
  'p1/al_reqktsu': {
    why: 'Reserved outputs are taken out before the schema is checked, so that it cannot require them.',
    status: 'complete',
    steps: { s: { status: 'complete', output: { ok: true }, llm: 1 } },
  },
  'p1/r_conf_nothr': {
    why: 'Confidence, flags and rationale are kept beside the output.',
    steps: {
      s: {
        status: 'complete',
        output: { ok: true },
        notes: { confidence: 0.95, flags: ['x'], rationale: 'r' },
      },
    },
  },
  'p1/r_conf_thr': {
    why: 'A confidence that reaches the threshold passes.',
    status: 'complete',
    steps: { s: { status: 'complete', output: { ok: true }, llm: 1 } },
  },
  'p1/r_skip': {
    why: 'A skip reason skips the step and those that depend on it.',
    steps: {
      s: { status: 'skipped', llm: 1, notes: { skip_reason: 'nothing' } },
      t: { status: 'skipped', llm: 0 },
    },
    asked: ['{}'],
  },
  'p1/r_unk': {
    why: '`_error` in an output fails the step with its text.',
    status: 'failed',
    steps: { s: { status: 'failed', llm: 1 } },
  },
  'p1/r_skippedfield': {
    why: '`skipped` in an output is a field like any other.',
    steps: { s: { status: 'complete', output: { ok: true, skipped: true } } },
  },
  'p1/m_429': { why: retried, steps: { s: { status: 'failed', llm: 0 } }, asked: ['{}', '{}', '{}'] },
  'p1/dup': failsWhole('Two steps with one id are an error of the workflow.', ['s']),
  'p1/cycle': failsWhole('A cycle is an error of the workflow.', []),
  'p1/unkdep': failsWhole('A step that depends on nothing that there is is an error of the workflow.', ['s']),
  'p1/twotypes': failsWhole('A step does one thing.', ['s']),
  'p1/unkfield': failsWhole('A key that there is not is an error.', ['s']),
  'p1/failfast': {
    why: 'Steps that do not depend on each other run at the same time: the other one has ended by itself, or is cancelled.',
    steps: { t: {} },
  },
  'p1/reqdef': { why: 'Defaults of parameters are applied.', asked: ['A=dd B=defb C='] },
  'p2/w_body': {
    why: 'Literals of every type are sent; only what reads a name that there is, is an expression.',
    hooks: [
      [
        '/a/str/inx?q=&e=fooval',
        {
          lit: 'critical',
          raw: 'quoted',
          bt: 'json',
          btn: 5,
          tpl: { k: 1 },
          bare: [1, 'x'],
          num: 5,
          bool: true,
          env: 'fooval',
          envp: 'fooval',
          par: 'inx',
          list: [1, 2],
          whole: ['b', 'a', 'n', 'c'],
          hy: 'hv',
        },
      ],
    ],
  },
  'p2/w_mixed': {
    why: 'A text with a template in it is a text.',
    status: 'complete',
    steps: { w: { status: 'complete', output: { sent: true, status_code: 200 } } },
    hooks: [['/m', { t: 'Hello str' }]],
  },
  'p2/w_mixed2': {
    why: 'A text with several templates is a text.',
    status: 'complete',
    steps: { w: { status: 'complete', output: { sent: true, status_code: 200 } } },
    hooks: [['/m', { t: 'str 3' }]],
  },
  'p2/w_badexpr': {
    why: 'A text without braces that reads nothing is a literal.',
    status: 'complete',
    steps: { w: { status: 'complete', output: { sent: true, status_code: 200 } } },
    hooks: [['/x', { a: 'a b c' }]],
  },
  'p2/w_undeclenv': {
    why: 'A variable that is not declared is an error, not an empty text.',
    status: 'failed',
    steps: { w: { status: 'failed' } },
    hooks: [],
  },
  'p2/w_status': {
    why: 'Numbers of the engine are numbers.',
    steps: {
      t1: { status: 'complete', output: { sent: true, status_code: 200 } },
      t2: { status: 'complete', output: { sent: true, status_code: 200 } },
    },
    hooks: [
      ['/x', {}],
      ['/eq', {}],
      ['/gt', {}],
      ['/sent', {}],
    ],
  },
  'p2/cond': {
    why: 'A condition that cannot be read fails its step, and with it the run, before the others are reached.',
    status: 'failed',
    steps: {
      d: null,
      c_bad: { status: 'failed' },
      ...Object.fromEntries(
        ['eq', 'hy', 'emptyarr', 'emptyobj', 'zero', 'estr', 'f', 'nul', 'n', 'gt', 'tpl', 'nullcmp']
          .concat(['params', 'env', 'flat', 'len', 'and'])
          .map((name) => [`c_${name}`, null]),
      ),
    },
  },
  'p2/cond_down': {
    why: 'What depends on a skipped step is skipped, unless its own condition reads that step.',
    steps: { b: { status: 'skipped' } },
  },
  'p2/t_tplfrom': { why: 'An input may be a template.', steps: result(d.items) },
  'p2/t_dotfrom': { why: 'An input may be a field of a step.', steps: result(d.items) },
  'p2/t_stepfrom': { why: 'An input may be written `step.ID`.', steps: result(d) },
  'p2/t_merge_step': { why: 'A merge may be written `step.ID`.', steps: result(d) },
  'p2/t_multi': {
    why: 'Several inputs are merged deeply.',
    steps: result([{ obj: { k: 2, z: 9 }, s: 'str2', items: [...d.items, { v: 7 }] }]),
  },
  'p2/t_multi_rev': { why: 'Several inputs are merged deeply.', steps: result([{ obj: { k: 1, z: 9 }, s: 'str' }]) },
  'p2/t_sort_desc': {
    why: 'What has no key comes last in both orders, and equal keys keep their order.',
    steps: result([{ v: 2, name: 'b' }, { v: 2, name: 'c' }, { v: 1, name: 'a' }, { name: 'n' }]),
  },
  'p2/t_dedup_empty': { why: 'An empty list stays one.', steps: result([]) },
};

/** How a failure is recognized: its code, and what its message must say. */
export const failures: Readonly<Record<string, readonly [code: string, says: RegExp]>> = {
  'p1/a_tpl': ['invalid', /no value for "a".*requires/],
  'p1/a_envmissing': ['invalid', /NOPE_X.*not set/],
  'p1/a_nonstr': ['invalid', /parameter "a".*must be string, came a number/],
  'p1/a_missing': ['definition', /a_missing\.workflow\.yaml:6:5: .*parameter "a"/],
  'p1/al_agentschema': ['output_invalid', /missing required field "ok"/],
  'p1/al_stepschema': ['output_invalid', /missing required field "ok"/],
  'p1/al_type': ['output_invalid', /\/ok must be boolean/],
  'p1/r_unk': ['reported_error', /^bad thing$/],
  'p1/r_injection_attempt': ['injection_attempt', /injection attempt detected/],
  'p1/r_untrusted_content': ['untrusted_content', /untrusted content detected/],
  'p1/r_low_quality': ['low_quality', /low quality output/],
  'p1/r_needs_human': ['needs_human_review', /needs_human_review$/],
  'p1/failfast': ['low_quality', /low quality output/],
  'p1/a_arr': ['max_turns_exceeded', /max_turns_exceeded/],
  'p1/m_badprov': ['provider_not_registered', /^gateway error provider_not_registered: .*"nope"/],
  'p1/m_noslash': ['invalid_model_config', /^gateway error invalid_model_config: .*"m".*provider\/model/],
  'p1/m_empty': ['no_models_available', /^gateway error no_models_available: .*"empty"/],
  'p1/m_nogroup': ['unknown_group', /^gateway error unknown_group: .*"nogroup"/],
  'p1/m_429': ['provider_error', /^gateway error provider_error: .*429.*boom/],
  'p1/m_quota': ['budget_exceeded', /^gateway error budget_exceeded: .*no money/],
  'p1/missing_agent': ['definition', /missing_agent\.workflow\.yaml:6:20: .*agents\/nonexist\.agent\.yaml/],
  'p1/builtin_agent': ['definition', /builtin_agent\.workflow\.yaml:6:20: "ktsu\/parser@1\.0\.0"/],
  'p1/dup': ['', /dup\.workflow\.yaml:7:10: There is a step "s" already, in line 6/],
  'p1/cycle': ['', /cycle\.workflow\.yaml:6:56: .*s -> t -> s/],
  'p1/unkdep': ['', /unkdep\.workflow\.yaml:7:73: There is no step "nope"/],
  'p1/notype': ['definition', /notype\.workflow\.yaml:6:5: The step "s" does nothing/],
  'p1/twotypes': ['', /twotypes\.workflow\.yaml:6:60: .*agent, transform, webhook/],
  'p1/unkfield': ['', /:4:1: There is no key "bogus"[^]*:6:\d+: There is no key "foo"/],
  'p1/req': ['', /missing required field "m"/],
  'p2/w_500': ['webhook_failed', /^webhook POST http:\/\/localhost:\d+\/status\/500 returned status 500$/],
  'p2/w_302': ['webhook_failed', /^webhook POST http:\/\/localhost:\d+\/status\/302 returned status 302$/],
  'p2/w_conn': ['webhook_failed', /^webhook POST http:\/\/localhost:1\/x: .*refused/],
  'p2/w_timeout': ['timeout', /^webhook POST http:\/\/localhost:\d+\/slow\/1500 .*1000 ms/],
  'p2/w_secreterr': ['webhook_failed', /^webhook POST http:\/\/localhost:1\/\[REDACTED\]: .*refused/],
  'p2/w_nosecreterr': ['webhook_failed', /^webhook POST http:\/\/localhost:1\/s3cr3t: .*refused/],
  'p2/w_undeclenv': ['definition', /w_undeclenv\.workflow\.yaml:6:61: The variable "SEC" is not declared/],
  'p2/w_param': ['invalid', /URL/],
  'p2/w_outschema': ['output_invalid', /missing required field "nope"/],
  'p2/cond': ['definition', /cond\.workflow\.yaml:19:73: .*ends too early/],
  'p2/t_merge_bad': ['definition', /:10:57: "merge" takes a list/],
  'p2/t_filt_bad': ['definition', /:10:68: This expression cannot be read/],
  'p2/t_filt_noexpr': ['definition', /:10:58: "filter" needs the key "expr"/],
  'p2/t_sort_nonarr': ['invalid', /sort, failed: it sorts a list/],
  'p2/t_unknown': ['definition', /:10:55: There is no operation "set"/],
  'p2/t_filter_str': ['definition', /:10:58: "filter" takes a map/],
  'p2/t_map_tpl': ['definition', /:10:65: This expression cannot be read/],
  'p2/t_outschema': ['output_invalid', /missing required field "x"/],
};
