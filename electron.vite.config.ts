import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { join } from 'node:path'
import { strictXterm } from './renderer/terminal/strict-xterm'

const here = (path: string): string => join(import.meta.dirname, path)

/** Built by scripts/lib/build.mjs, which adds the version and revision as constants. */

/** The oldest Electron that runs the app is 33: Node 20.18, Chromium 130. */
const nodeTarget = 'node20.18'
const chromeTarget = 'chrome130'

export default defineConfig({
  // Packages are bundled, except the runtime dependencies of package.json (DuckDB, a native module).
  main: {
    build: {
      target: nodeTarget,
      outDir: here('out/electron'),
      emptyOutDir: false,
      rolldownOptions: {
        input: { main: here('electron/main.ts'), engine: here('electron/engine-process.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: nodeTarget,
      outDir: here('out/electron'),
      emptyOutDir: false,
      externalizeDeps: false,
      rolldownOptions: {
        input: here('electron/preload.ts'),
        // A sandboxed preload is a script, not a module.
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  renderer: {
    root: here('renderer'),
    plugins: [vue(), strictXterm(here('renderer/terminal/strict-document.ts'))],
    build: {
      target: chromeTarget,
      outDir: here('out/renderer'),
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: here('renderer/index.html'),
        // zod is told not to compile code in the same chunk in which it lies: before any other chunk makes a schema.
        output: {
          codeSplitting: {
            groups: [{ name: 'zod', test: /node_modules\/zod\/|renderer\/zod-without-eval/ }],
          },
        },
      },
    },
  },
})
