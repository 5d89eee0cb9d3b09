// Makes src/api/schema.gen.ts and src/api/rules.gen.ts from the description of the API that a running shop
// serves.
//
//   types.mjs URL           writes both
//   types.mjs URL --check   exits 1 when they are not what they would be
//
// Of the answers only the successes become types: what else may come is a Problem, whatever the operation.
// rules.gen.ts has the bounds of what forms ask for, so that a page refuses what the shop would refuse.
import { readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const forms = { SignUp: "SignUp", ProductDraft: "ProductDraft" };
const kept = ["minLength", "maxLength", "pattern", "minimum", "maximum"];
const header = "// Made by scripts/types.mjs from the shop's /openapi.json; a test compares. Not to be edited.\n";

export async function filesOf(document) {
  const pruned = structuredClone(document);
  delete pruned.components.examples;
  delete pruned.components.responses;
  for (const operations of Object.values(pruned.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (method === "parameters") continue;
      for (const status of Object.keys(operation.responses)) {
        if (!/^2/.test(status)) delete operation.responses[status];
        else delete operation.responses[status].headers;
      }
    }
  }
  const types = astToString(await openapi(pruned, { alphabetize: false, emptyObjectsUnknown: true }));
  const rules = {};
  for (const [name, schema] of Object.entries(forms)) {
    rules[name] = {};
    for (const [field, shape] of Object.entries(document.components.schemas[schema].properties)) {
      const bounds = Object.fromEntries(kept.filter((key) => key in shape).map((key) => [key, shape[key]]));
      rules[name][field] = bounds;
    }
  }
  return {
    "schema.gen.ts": header + types,
    "rules.gen.ts": `${header}export const rules = ${JSON.stringify(rules, null, 2)} as const;\n`,
  };
}

async function main([url, flag]) {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  let stale = false;
  for (const [name, text] of Object.entries(await filesOf(document))) {
    const path = new URL(`../src/api/${name}`, import.meta.url);
    if (flag !== "--check") {
      writeFileSync(path, text);
    } else if (readFileSync(path, "utf8") !== text) {
      console.error(`src/api/${name} is not what the shop describes: npm run types -- ${url}`);
      stale = true;
    }
  }
  process.exitCode = stale ? 1 : 0;
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main(process.argv.slice(2));
