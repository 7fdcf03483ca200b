/** The control of the power cuts: the same scribe on the same journal, but the disk is never waited for. It must lose what it acknowledged. */
interface Executes {
  exec(sql: string): unknown;
}

/** Whichever library there is: the pragma that makes a commit wait for the disk says OFF instead. */
for (const name of ['node:sqlite', 'libsql']) {
  const library = (await import(name).catch(() => ({}))) as Record<string, { prototype: Executes } | undefined>;
  const { prototype } = library['DatabaseSync'] ?? library['default'] ?? {};
  if (!prototype || typeof prototype.exec !== 'function') continue;
  const { exec } = prototype;
  prototype.exec = function (this: Executes, sql) {
    return exec.call(this, sql.replace('synchronous = FULL', 'synchronous = OFF'));
  };
}
await import('../journal/fixtures/writer.ts');
