import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { endProcess } from './processes'

/** Sockets that fill the queue of a listener that accepts nobody: Linux then drops what comes. */
const fillers = 3

/** A port on loopback from which nothing comes back, not even a refusal. Linux only. */
export async function blackHole(): Promise<number> {
  const script = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write(String(server.address().port)); process.kill(process.pid, 'SIGSTOP') })`
  const listener = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => endProcess(listener.pid as number))
  const [port] = (await once(listener.stdout, 'data')) as [Buffer]
  for (let i = 0; i < fillers; i++) {
    const filler = connect(Number(port.toString()), '127.0.0.1').on('error', () => undefined)
    onTestFinished(() => void filler.destroy())
  }
  return Number(port.toString())
}

/** A port on loopback where something says these bytes to whoever comes, and hangs up or stays silent. */
export async function portThatSays(bytes: string | Buffer, then: 'hangs up' | 'is silent'): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).write(bytes)
    if (then === 'hangs up') socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
