import { createServer, type Socket } from 'node:net'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { toErrorBody } from '#shared/contract/errors'
import { serve } from '#shared/contract/rpc'
import { createLabEngine, type LabEngine } from '#lab/engine'
import type { LabEngineOptions } from '#lab/engine-options'
import { createSocketDirectory } from '#lab/local/socket-directory'
import { daemonApi } from './daemon-contract'
import { removeDaemonState, writeDaemonState } from './state-file'

/**
 * An engine that outlives the command that started it, behind a Unix socket that only this user can open; which lab it starts it
 * is told there. Resolves when it has been told to end and everything is stopped.
 */
export async function runLabDaemon(options: LabEngineOptions): Promise<void> {
  const greet = (greeting: object): void => void process.send?.(greeting, () => process.disconnect())
  let engine: LabEngine
  try {
    engine = await createLabEngine(options)
  } catch (thrown) {
    greet({ kind: 'failed', error: toErrorBody(thrown) })
    throw thrown
  }
  try {
    await serveEngine(engine, options, () => greet({ kind: 'ready' }))
  } catch (thrown) {
    greet({ kind: 'failed', error: toErrorBody(thrown) })
    throw thrown
  } finally {
    await engine.dispose()
  }
}

async function serveEngine(engine: LabEngine, options: LabEngineOptions, onReady: () => void): Promise<void> {
  const sockets = await createSocketDirectory()
  const path = sockets.path('lab')
  const open = new Set<Socket>()
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    connection.onError(() => undefined)
    const emitter = serve(connection, daemonApi, {
      ...engine.api,
      shutdown: () => {
        setImmediate(end)
        return null
      },
    })
    const unsubscribe = engine.subscribe((event, payload) => emitter.emit(event, payload as never))
    socket.once('close', () => {
      open.delete(socket)
      unsubscribe()
      connection.dispose()
    })
    connection.listen()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end)
  const { dataDirectory, version } = options
  await writeDaemonState(dataDirectory, { pid: process.pid, socket: path, startedAt: Date.now(), version })
  onReady()
  try {
    await ended
    await engine.dispose()
  } finally {
    await removeDaemonState(dataDirectory)
    server.close()
    // The ends of these connections tell the callers that everything is down.
    for (const socket of open) socket.destroy()
    await sockets.remove()
  }
}
