import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  // Deep links are served index.html, so assets need absolute paths; both hosts serve from the root.
  base: "/",
  plugins: [
    react(),
    tailwindcss(),
    // Only the development server has this mode: the made-up panel is never built into the product.
    mode === "fixture" && {
      name: "fixture-page",
      apply: "serve",
      transformIndexHtml: (html: string) => html.replace("/src/main.tsx", "/tests/fixtures/main.tsx"),
    },
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["es2022", "safari16.4"],
    sourcemap: false,
    // A data: URL would need a wider img-src in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // CodeMirror with its languages, in a chunk of its own that the first paint does not wait for.
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            { name: "tanstack", test: /node_modules[\\/]@tanstack[\\/]/ },
            {
              name: "editor",
              test: /node_modules[\\/](@codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt)[\\/]/,
            },
          ],
        },
      },
    },
  },
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
    setupFiles: ["./src/test/setup.ts"],
    // Machines that run these tests are often loaded.
    testTimeout: 60_000,
    hookTimeout: 20_000,
    restoreMocks: true,
  },
}));
