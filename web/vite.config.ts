import { gzipSync, constants } from "node:zlib";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// What compresses stands beside itself as .gz: neither the shop nor nginx compresses while it serves.
function precompress(): Plugin {
  const compressible = /\.(html|js|css|svg|json|webmanifest|txt)$/;
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
    );
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      for (const file of walk("dist").filter((each) => compressible.test(each))) {
        const plain = readFileSync(file);
        const packed = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
        if (packed.length < plain.length) writeFileSync(`${file}.gz`, packed);
      }
    },
  };
}

// The font is asked for together with the script, not after the style sheet was read.
function preloadFont(): Plugin {
  return {
    name: "preload-font",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const font = Object.keys(context.bundle ?? {}).find((name) => /archivo-latin-wght.*\.woff2$/.test(name));
        if (!font) throw new Error("the font is not in the bundle");
        const attrs = { rel: "preload", as: "font", type: "font/woff2", crossorigin: "", href: `/${font}` };
        return [{ tag: "link", attrs, injectTo: "head-prepend" }];
      },
    },
  };
}

const shop = process.env["SHOP"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), preloadFont(), precompress()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the content policy has no room for data: in scripts and styles
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": shop, "/metrics": shop, "/openapi.json": shop, "/docs": shop } },
  preview: { proxy: { "/api": shop, "/metrics": shop } },
});
