import vue from '@vitejs/plugin-vue'
import { createServer } from 'vite'

/** `node renderer/dev/serve.mjs`: the window over made-up data, at http://127.0.0.1:5199/dev/index.html. Part of no build. */
const server = await createServer({
  configFile: false,
  root: `${import.meta.dirname}/..`,
  plugins: [vue()],
  server: {
    host: '127.0.0.1',
    port: 5199,
    strictPort: true,
    fs: { allow: [`${import.meta.dirname}/../..`] },
  },
})
await server.listen()
server.printUrls()
