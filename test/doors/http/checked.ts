/** Asks an app without a socket, and compares every answer with the OpenAPI document that the app itself gives. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { httpApp, type HttpAppOptions } from '../../../src/doors/http/base/app.ts';
import type { Json } from '../../../src/values/json.ts';

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The body as JSON. Throws when it is none. */
  json(): Json;
}

/** A request: `POST /invoke/news`, with its body and headers. */
export type Ask = (
  what: string,
  more?: { body?: Json; text?: string; headers?: Record<string, string>; signal?: AbortSignal },
) => Promise<Answer>;

/** Only what these tests read of the document. */
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** The app of some routes, asked by a function that checks each answer. */
export async function checkedApp(options: HttpAppOptions): Promise<{ ask: Ask; drain(): Promise<void> }> {
  const app = await httpApp(options);
  const document = (await (await app.fetch(new Request('http://localhost/openapi.json'))).json()) as Document;
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(document, 'openapi');

  const check = (method: string, path: string, status: number, type: string, text: string) => {
    const route = Object.keys(document.paths).find((pattern) =>
      new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    const operation = route && document.paths[route]?.[method.toLowerCase()];
    if (!operation || route === '/openapi.json') return;
    const described = operation.responses[type === 'application/problem+json' ? 'default' : status];
    expect(described, `${method} ${path} does not describe ${status} ${text}`).toBeDefined();
    const media = described?.content?.[type];
    if (text === '' && !described?.content) return;
    expect(media, `${method} ${path} ${status} does not describe ${type}`).toBeDefined();
    if (type.includes('json')) {
      const pointer = `openapi#/paths/${route.replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${described === operation.responses['default'] ? 'default' : status}/content/${type.replaceAll('/', '~1')}/schema`;
      const validate = ajv.getSchema(encodeURI(pointer));
      expect(validate, pointer).toBeDefined();
      expect(
        validate?.(JSON.parse(text)),
        `${method} ${path} ${status}: ${ajv.errorsText(validate?.errors)} in ${text}`,
      ).toBe(true);
    }
  };

  return {
    drain: () => app.drain(),
    async ask(what, { body, text, headers = {}, signal } = {}) {
      const [method = '', target = ''] = what.split(' ');
      const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await app.fetch(
        new Request(`http://localhost${target}`, {
          method,
          headers,
          ...(sent === undefined ? {} : { body: sent }),
          ...(signal ? { signal } : {}),
        }),
      );
      const answer = await response.text();
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
      check(method, new URL(`http://localhost${target}`).pathname, response.status, type, answer);
      return {
        status: response.status,
        text: answer,
        headers: response.headers,
        json: () => JSON.parse(answer) as Json,
      };
    },
  };
}
