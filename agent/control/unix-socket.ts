import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { createConnection, type Server } from 'node:net'
import { SkyError } from '#shared/contract/errors'

/** The owner and its group may give orders, nobody else. */
const socketMode = 0o660
/** What everybody's mode lacks to be that one, also in the moment in which the socket is made. */
const socketUmask = 0o117

/**
 * Listen where only the owner and its group may connect (Windows: on a named pipe). A socket that a killed process left is replaced.
 * @throws SkyError `conflict` when another process answers there, or when it is no socket
 */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  const isFile = process.platform !== 'win32'
  if (isFile) await removeStale(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(path, error)))
    const before = isFile ? process.umask(socketUmask) : 0
    try {
      server.listen(path, resolve)
    } finally {
      if (isFile) process.umask(before)
    }
  })
  if (isFile) chmodSync(path, socketMode)
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new SkyError('conflict', `${path} is no socket`, 'Move it away, then start again.')
  }
  if (await answers(path)) {
    throw new SkyError('conflict', `another process answers on ${path}`, 'Stop it, then start again.')
  }
  rmSync(path, { force: true })
}

/** A socket whose process is gone refuses connections. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Who may not connect cannot know that nobody listens.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'))
  })
}

function cannotListen(path: string, error: Error): SkyError {
  const code = (error as NodeJS.ErrnoException).code
  const hint = code === 'ENOENT' ? 'Make its folder first.' : ''
  return new SkyError('conflict', `cannot listen on the control socket ${path}: ${error.message}`, hint)
}
