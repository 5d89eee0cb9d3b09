// The pictures of README.md: node e2e/screenshots.mjs [FOLDER] writes docs/web/*.png; those of phones side by side
// in one.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buyButton, buyme, enter, launch, phone, Shop, until, visit } from "./support.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/web", import.meta.url));
mkdirSync(folder, { recursive: true });

const shop = await new Shop({ "payment.success_rate": "1", "payment.decline_amounts": "48000" }).open();
const out = shop.place;
let browser;
try {
  const opensAt = new Date(Date.now() + 2 * 3600_000 + 731_000).toISOString();
  const court = await shop.register({ productName: "Court Classic 84", productDescription: "Canvas and suede, sewn in Busan.\nOne run, no second one.", productStock: 700, perUserLimit: 1 });
  const runner = await shop.register({ productName: "새벽 러너 한정판", productStock: 120, productType: "RESERVED", opensAt, perUserLimit: 1, productPrice: 189000 });
  const jacket = await shop.register({ productName: "Field Jacket", productStock: 30, productPrice: 219000 });
  const mugs = await shop.register({ productName: "도자기 머그 세트", productStock: 4, productPrice: 48000 });
  await shop.register({ productName: "Night Poster A2", productStock: 60, productPrice: 25000 });
  const [kim, lee] = [await shop.signUp("Kim"), await shop.signUp("Lee")];
  const pay = (order, who) => shop.call("POST", `/api/orders/${order.orderId}/attempt-payment`, undefined, who.token);
  for (let i = 0; i < 9; ++i) {
    const order = await shop.order(lee.token, jacket.productId, 2);
    if (i % 3 > 0) await pay(order, lee);
  }
  await shop.order(lee.token, mugs.productId, 4);

  browser = await launch();
  const pictures = async (options, who, take) => {
    const visitor = await visit(browser, shop, options);
    if (who) await enter(visitor.page, who);
    await take(visitor.page, async (name) => {
      await visitor.page.evaluate(() => document.fonts.ready);
      await visitor.page.waitForTimeout(600);
      await visitor.page.screenshot({ path: join(out, `${name}.png`) });
    });
    await visitor.close();
  };
  const shown = (page, selector) => page.locator(selector).first().waitFor();
  const small = { ...phone, viewport: { width: 390, height: 800 } };

  await pictures({ device: small, locale: "ko-KR" }, kim.email, async (page, shot) => {
    await page.goto(`/products/${court.productId}`);
    await shown(page, ".live-stream");
    await shot("phone-product");
    await buyButton(page).click();
    await shown(page, ".hold-clock");
    await shot("phone-hold");
  });
  await pictures({ device: small, locale: "en-US", colorScheme: "dark" }, null, async (page, shot) => {
    await page.goto(`/products/${runner.productId}`);
    await shown(page, ".buy-opens");
    await shot("phone-opens-dark");
  });
  await pictures({ device: { viewport: { width: 1280, height: 900 } }, locale: "en-US" }, "admin@example.com", async (page, shot) => {
    await page.goto(`/console/live/${court.productId}`);
    await shown(page, ".figures");
    await page.waitForTimeout(4000);
    // A crowd comes for the shoe.
    const tokens = join(shop.place, "tokens.csv");
    const admin = join(shop.place, "admin.token");
    spawnSync(buyme, ["admin", "tokens", "--data-dir", shop.directory, "--count", "2000", "--csv", tokens, "--admin-token", admin]);
    const drop = spawnDrop(["drop", "--url", shop.url, "--tokens", tokens, "--admin-token", admin, "--pay", "--buyers", "2000", "--connections", "400", "--arrival", "ramp:12", "--product", String(court.productId)]);
    await until(async () => (await shop.stock(court.productId)).soldOut, "the crowd to buy it all", 60_000);
    await drop;
    await page.waitForTimeout(3000);
    await shot("console-live");
    await page.goto("/console/rehearsal");
    await page.getByLabel("Buyers").fill("2000");
    await page.locator(".console-page .button-strong").click();
    await page.locator(".verdict").waitFor({ timeout: 90_000 });
    await shot("console-rehearsal");
  });

  const image = (name) => `<img width="390" src="data:image/png;base64,${readFileSync(join(out, `${name}.png`)).toString("base64")}">`;
  const context = await browser.newContext({ viewport: { width: 1290, height: 860 } });
  const page = await context.newPage();
  const style = "margin:0;padding:30px;display:flex;gap:30px;background:#cdd2c8;justify-content:center";
  await page.setContent(`<body style="${style}">${["phone-product", "phone-hold", "phone-opens-dark"].map(image).join("")}</body>`);
  await page.screenshot({ path: join(folder, "phones.png") });
  for (const name of ["console-live", "console-rehearsal"]) copyFileSync(join(out, `${name}.png`), join(folder, `${name}.png`));
} finally {
  await browser?.close();
  await shop.close();
}

function spawnDrop(words) {
  const process = spawn(buyme, words, { stdio: "ignore" });
  return new Promise((done) => process.once("exit", done));
}
