// Checks documents against the schema in a packed npm package: check.mjs PACKAGE.tgz DIGEST FILE…
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import Ajv from "ajv-draft-04";

const [packed, digest, ...files] = process.argv.slice(2);

const found = "sha512-" + createHash("sha512").update(readFileSync(packed)).digest("base64");
if (found !== digest) {
  console.error(`${packed} is not the package that is meant: its digest is ${found}. Delete it and run this again.`);
  process.exit(1);
}
const schema = execFileSync("tar", ["-xzOf", packed, "package/dist/json-schema/v1/full.json"], {
  maxBuffer: 64 << 20,
});
const valid = new Ajv({ strict: false, allErrors: false }).compile(JSON.parse(schema));

// A document that must not pass shows that something is checked.
if (valid({ type: "doc", version: 1, content: [{ type: "no such node" }] })) {
  console.error("The schema lets everything pass.");
  process.exit(1);
}
let failed = 0;
for (const file of files) {
  const passes = valid(JSON.parse(readFileSync(file)));
  console.log(`${passes ? "ok" : "NOT VALID"}  ${basename(file)}`);
  if (!passes) {
    failed += 1;
    for (const { instancePath, message } of (valid.errors ?? []).slice(0, 10)) {
      console.log(`    ${instancePath || "/"} ${message}`);
    }
  }
}
if (failed || !files.length) {
  console.error(files.length ? `${failed} of ${files.length} do not pass` : "no document to check");
  process.exit(1);
}
