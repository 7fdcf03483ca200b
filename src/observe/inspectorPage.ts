/** The inspector's page: what each actor is doing, offline. On request it loads Stately's hosted inspector in a frame and passes the messages on to it. */
import { createHash } from 'node:crypto';

const stately = 'https://stately.ai';

const style = `
:root { color-scheme: light dark; --line: #8884; --dim: #8889; --go: #2563eb; --bad: #dc2626; --ok: #16a34a; --ask: #b45309 }
* { box-sizing: border-box } body { margin: 0; font: 14px/1.45 system-ui, sans-serif } header { display: flex; gap: 1rem; align-items: baseline; padding: .8rem 1.2rem; border-bottom: 1px solid var(--line) }
h1 { font-size: 1rem; margin: 0 } #link { color: var(--dim); flex: 1 } button { font: inherit; padding: .25rem .8rem; cursor: pointer } main { padding: .4rem 1.2rem }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 500; color: var(--dim) } th { white-space: nowrap } th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td:first-child { font-family: ui-monospace, monospace; font-size: 13px } .active { color: var(--go) } .done, .stopped { color: var(--dim) } .error { color: var(--bad) } .ask { color: var(--ask) } time { color: var(--dim); white-space: nowrap }
iframe { width: 100%; height: calc(100vh - 4rem); border: 0 } #health { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: .4rem 0; color: var(--dim) } #health span::before { content: ''; display: inline-block; width: .6em; height: .6em; margin-right: .4em; border-radius: 50%; background: var(--ok) } #health .degraded::before { background: var(--ask) } #health .failing::before { background: var(--bad) }
#empty { color: var(--dim); padding: 2rem 0 }
@media (max-width: 40rem) { header { flex-wrap: wrap } thead { display: none } tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line) } td { display: block; border: 0; padding: 0 } td:nth-child(4), td:nth-child(5) { display: inline; color: var(--dim); margin-right: .8rem } }`;

// Text is set through textContent only: names and states may come from a model.
const script = `
const actors = new Map(), parts = new Map(), kept = [], most = 2000, mostActors = 1000;
const $ = (id) => document.getElementById(id);
let frame, frameReady = false, dirty = false;
const words = (v) => typeof v === 'string' ? v : v && typeof v === 'object' ? Object.entries(v).map(([k, x]) => [k, words(x)].filter(Boolean).join('.')).join('|') : '';
// Characters that would show a text in another order than it has are shown as escapes, as on a terminal.
const plain = (text) => String(text ?? '').replace(/[\\u202a-\\u202e\\u2066-\\u2069]/g, (c) => '\\\\u' + c.charCodeAt(0).toString(16));
const cell = (text, name) => { const td = document.createElement('td'); td.textContent = plain(text); if (name) td.className = name; return td };
function depth(a) { let n = 0; for (let p = actors.get(a.parent); p && n < 20; p = actors.get(p.parent)) n++; return n }
function order() { const under = new Map(), roots = [], out = [];
  for (const [id, a] of actors) { const list = actors.has(a.parent) ? under.get(a.parent) ?? (under.set(a.parent, []), under.get(a.parent)) : roots; list.push(id) }
  const walk = (id, n) => { if (n > 20) return; out.push(id); for (const c of under.get(id) ?? []) walk(c, n + 1) }; for (const id of roots) walk(id, 0); return out }
function standings() { const runs = new Map();
  for (const [id, a] of actors) { if (a.status !== 'active') continue; let root = id; for (let n = 0; actors.has(actors.get(root).parent) && n < 20; n++) root = actors.get(root).parent;
    const run = runs.get(root) ?? {}; runs.set(root, run); run.stall ??= a.stall; run.asks ||= !!a.question; run.works ||= a.doing.size > 0; run.paused ||= id === root && !!a.tags?.includes('paused') }
  for (const [root, { stall, asks, works, paused }] of runs) runs.set(root, (stall ?? (paused || asks && !works ? 'waiting' : 'working')) + (asks || paused ? ', needs: you' : ''));
  return runs }
function draw() { dirty = false; $('empty').hidden = actors.size > 0; const rows = document.createDocumentFragment(), runs = standings();
  for (const id of order()) { const a = actors.get(id), tr = document.createElement('tr'), name = cell(id); name.style.paddingLeft = depth(a) * 1.2 + 'rem';
    const doing = [...a.doing.values()].join(', ');
    const stands = runs.has(id) ? ' (' + runs.get(id) + ')' : '';
    tr.append(name, cell(a.status === 'active' ? (words(a.value) || 'active') + stands : a.status + (a.error ? ': ' + a.error : ''), a.status !== 'active' ? a.status : a.stall || stands.startsWith(' (stalled') ? 'error' : a.question || stands.includes('needs') ? 'ask' : a.status), cell(a.stall && a.status === 'active' ? a.stall : a.question && a.status === 'active' ? 'asks: ' + a.question : doing), cell(a.last));
    const td = cell(''), t = document.createElement('time'); t.textContent = new Date(Number(a.at)).toLocaleTimeString(); td.append(t); tr.append(td); rows.append(tr) }
  $('rows').replaceChildren(rows) }
function dot(m) { const span = parts.get(m.component) ?? document.createElement('span'); if (!parts.has(m.component)) { parts.set(m.component, span); $('health').append(span) }
  span.className = m.status; span.textContent = m.component + (m.status === 'healthy' ? '' : ' ' + m.status); span.title = m.failures + ' of the last ' + m.calls + ' calls failed' + (m.lastFailure ? '; the last: ' + m.lastFailure.message : '') }
// Of the actors that have ended the one that was seen first, or else the first of all.
function forget() { for (const [id, a] of actors) if (a.status !== 'active') return actors.delete(id); actors.delete(actors.keys().next().value) }
function take(m) {
  if (m.type === 'troupe.health') return dot(m);
  if (m.type === 'troupe.stall') { const a = actors.get(m.actor); if (a) a.stall = m.why }
  else if (m.type === 'troupe.effect') { const a = actors.get(m.actor); if (a) { if (m.status === 'started') a.doing.set(m.key, m.name); else a.doing.delete(m.key) } }
  else { const id = m.sessionId, a = actors.get(id) ?? { parent: undefined, value: '', status: 'active', last: '', at: m.createdAt, doing: new Map() }; actors.set(id, a); a.at = m.createdAt; if (actors.size > mostActors) forget();
    if (m.type === '@xstate.actor') a.parent = m.parentId; if (m.type === '@xstate.event') a.last = m.event.type;
    if (m.snapshot) { a.value = m.snapshot.value; a.status = m.snapshot.status; a.tags = m.snapshot.tags; a.error = m.snapshot.error?.message; a.question = m.snapshot.context?.ticket?.question; if (a.status !== 'active') a.doing.clear() }
    kept.push(m); if (kept.length > most) kept.shift(); if (frameReady) frame.contentWindow.postMessage(m, '${stately}') }
  if (!dirty) { dirty = true; requestAnimationFrame(draw) } }
function connect() { const ws = new WebSocket('ws://' + location.host + '/feed' + location.search);
  ws.onopen = () => { actors.clear(); kept.length = 0; $('link').textContent = 'live' }; ws.onmessage = (e) => take(JSON.parse(e.data));
  ws.onclose = () => { $('link').textContent = 'not connected; trying again'; setTimeout(connect, 1000) } }
addEventListener('message', (e) => { if (frame && e.source === frame.contentWindow && e.origin === '${stately}' && e.data?.type === '@statelyai.connected') { frameReady = true; for (const m of kept) frame.contentWindow.postMessage(m, '${stately}') } });
$('stately').onclick = () => { if (frame) { frame.remove(); frame = undefined; frameReady = false; $('list').hidden = false; $('stately').textContent = "Open in Stately's inspector"; return }
  frame = document.createElement('iframe'); frame.src = '${stately}/inspect'; $('list').hidden = true; document.querySelector('main').append(frame); $('stately').textContent = 'Back to the list' };
connect();`;

/** The page as HTML, with its script and style. */
export const inspectorPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Troupe inspector</title><meta name="viewport" content="width=device-width"><style>${style}</style></head>
<body><header><h1>Troupe</h1><span id="link">connecting</span><button id="stately" title="Loads stately.ai in a frame and shows it what you see here">Open in Stately's inspector</button></header>
<main><div id="health" aria-label="health"></div><div id="list"><table><thead><tr><th>actor</th><th>state</th><th>doing</th><th>last event</th><th>at</th></tr></thead><tbody id="rows"></tbody></table><p id="empty">Nothing has happened yet.</p></div></main>
<script>${script}</script></body></html>`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Its Content-Security-Policy: only its own script and style run, it connects to its own socket only, and may frame Stately. */
export const inspectorPagePolicy = (host: string): string =>
  `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src ws://${host}; frame-src ${stately}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
