import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true, environmentOptions: { jsdom: { url: "http://shop.test/" } },
    // One browser for all files: starting one each takes longer than the tests.
    pool: "threads", poolOptions: { threads: { singleThread: true, isolate: false } } },
});
