import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A free TCP port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** redis-server without persistence on a free port, or null where it is not installed. */
export async function startRedis(): Promise<{ port: number; child: ChildProcess } | null> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'sky-redis-'))
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
  ]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const started = await Promise.race([
    once(child, 'error').then(() => false),
    (async () => {
      for await (const data of child.stdout ?? []) if (String(data).includes('Ready to accept')) return true
      return false
    })(),
  ])
  if (!started) return null
  child.stdout?.resume()
  return { port, child }
}

/** A process of its own that answers every byte it receives with `bytes` bytes over a plain TCP stream. */
export async function startStreamServer(bytes: number): Promise<{ port: number; child: ChildProcess }> {
  const program = `
    const payload = Buffer.alloc(${bytes}, 7)
    const server = require('node:net').createServer((socket) => {
      socket.setNoDelay(true)
      socket.on('data', (asked) => { for (let i = 0; i < asked.length; i++) socket.write(payload) })
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  `
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [data] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(data.toString()), child }
}
