import { describe, expect, it, vi } from "vitest";
import { persistently } from "./patient";

describe("a part of the page", () => {
  const atOnce = () => Promise.resolve();
  it("is asked for again while the connection is lost", async () => {
    const load = vi.fn().mockRejectedValueOnce(new TypeError("lost")).mockResolvedValueOnce("page");
    expect(await persistently(load, atOnce)).toBe("page");
  });
  it("is given up in the end", async () => {
    const load = vi.fn().mockRejectedValue(new TypeError("gone"));
    await expect(persistently(load, atOnce)).rejects.toThrow("gone");
    expect(load).toHaveBeenCalledTimes(21);
  });
});
