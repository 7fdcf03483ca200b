import { mkdtempSync } from 'node:fs';
import { openRuntime } from './src/index.ts';
import { deflateRawSync } from 'node:zlib';
import { openSqliteDriver } from './src/journal/sqlite/driver.ts';
import { sqlite } from './src/journal/sqlite/sqlite.ts';
import { subject } from './test/bench/agent.ts';
import { unpacked, dictionaryAfter } from './src/journal/sqlite/record.ts';
const path = mkdtempSync('/tmp/look-') + '/j.db';
const journal = await sqlite(path);
{ await using rt = await openRuntime({ journal }); console.log((await (await rt.start(subject(60), 'go')).outcome()).status); }
await journal[Symbol.asyncDispose]();
const db = await openSqliteDriver(path);
const rows = db.prepare<any>('SELECT * FROM commits ORDER BY seq').all();
let last: any = []; const texts: string[] = [];
for (const r of rows) { const d = last; const t = unpacked(r.record, d as any)!; last = dictionaryAfter(last, r.seq, t); texts.push(t); }
for (const n of [1,2,3,4,5,6]) console.log(n, texts[n]!.length, rows[n].record.length, texts[n]);
let sum=0, two=0, four=0, twoP=0;
for (let n=40;n<100;n++){ sum+=rows[n].record.length; for (const [k] of [[2],[4]] as const) { const d=Buffer.from(texts.slice(n-k,n).join('')); const l=deflateRawSync(Buffer.from(texts[n]!),{level:9,dictionary:d}).length; if(k===2) two+=l; else four+=l; } 
 const d=Buffer.from(texts[n-1]!+texts[n-2]!); twoP+=deflateRawSync(Buffer.from(texts[n]!),{level:9,dictionary:d}).length; }
console.log('avg stored', sum/60, 'two', two/60, 'four', four/60, 'two other order', twoP/60, rows.slice(40,60).map((r:any)=>r.record.length).join(' '));
console.log(db.prepare('PRAGMA freelist_count').all(), db.prepare('PRAGMA page_count').all());
