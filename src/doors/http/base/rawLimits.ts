/** What is refused before a request becomes one of the web's: methods and targets that it cannot express, and too many headers. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const mostHeaders = 200;
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** True when the request can go on; otherwise it is answered here. */
export function admitted(request: IncomingMessage, response: ServerResponse): boolean {
  const { method = '', url = '', rawHeaders } = request;
  if (rawHeaders.length / 2 > mostHeaders) return refuse(response, 431, 'too many headers');
  if (!methods.has(method)) return refuse(response, 405, 'method not allowed', { allow: [...methods].join(', ') });
  // The absolute form is for proxies, `*` and `//` name nothing here; `\` means `/` to some and not to others.
  if (!url.startsWith('/') || url.startsWith('//') || url.includes('\\')) return refuse(response, 400, 'bad target');
  return true;
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): false {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...headers,
  });
  response.end(`${text}\n`);
  return false;
}
