// All browser tests, one after the other, in one browser: node --test e2e/all.test.mjs
//
//   E2E_RACES     rounds of the race for the last unit (3)
//   E2E_ONLY      only tests whose name contains this
import { spawnSync } from "node:child_process";
import { after, before, test as declare } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { buyerTests } from "./buyer.mjs";
import { merchantTests } from "./merchant.mjs";
import { pageTests } from "./pages.mjs";
import { launch, Shop } from "./support.mjs";

const world = {
  shops: [],
  // One with settings of its own; closed after its test.
  async anotherShop(settings) {
    const shop = new Shop(settings);
    this.shops.push(shop);
    return shop.open();
  },
};

const patience = 300_000;
const only = process.env.E2E_ONLY ?? "";

// Whatever happens, no process outlives its test.
function test(name, run) {
  if (!name.includes(only)) return;
  declare(name, { timeout: patience }, async () => {
    try {
      await run();
    } finally {
      for (const shop of world.shops.splice(0)) await shop.close();
      for (const context of world.browser.contexts()) await context.close();
    }
  });
}

before(async () => {
  world.shop = await new Shop().open();
  world.browser = await launch();
});

after(async () => {
  await world.browser?.close();
  try {
    world.shop?.audit();
  } finally {
    await world.shop?.close();
  }
});

test("the page's types are those of the shop's description", () => {
  const script = fileURLToPath(new URL("../scripts/types.mjs", import.meta.url));
  const check = spawnSync(process.execPath, [script, world.shop.url, "--check"], { encoding: "utf8" });
  assert.equal(check.status, 0, check.stderr);
});

buyerTests(test, world);
merchantTests(test, world);
pageTests(test, world);
