import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { errorBody, fromErrorBody, SkyError } from '#shared/contract/errors'
import { connect, type Client } from '#shared/contract/rpc'
import { makeDirectory } from '#lab/make-directory'
import { storageError } from '#lab/store/storage-errors'
import { daemonApi, daemonGreeting, type DaemonApi } from './daemon-contract'
import { readDaemonState } from './state-file'

/** The lab in the background, as a command talks to it. */
export interface DaemonConnection {
  readonly client: Client<DaemonApi>
  readonly pid: number
  /** Resolves when the lab has closed the connection. */
  readonly closed: Promise<void>
  close(): void
}

/** Null where no lab runs in the background. */
export async function connectToDaemon(dataDirectory: string): Promise<DaemonConnection | null> {
  const state = await readDaemonState(dataDirectory)
  if (!state) return null
  const socket = createConnection(state.socket)
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    // Killed: its socket is gone, or nobody listens there.
    socket.once('error', () => resolve(false))
  })
  if (!connected) return null
  socket.on('error', () => undefined)
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket))
  connection.onError(() => undefined)
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      connection.dispose()
      resolve()
    })
  })
  const client = connect(connection, daemonApi, `the lab in the background (process ${state.pid})`)
  connection.listen()
  return { client, pid: state.pid, closed, close: () => socket.destroy() }
}

export interface DaemonStart {
  /** The file that runs this program. */
  readonly cliEntry: string
  readonly dataDirectory: string
}

/** Start an engine in the background and wait until it answers. @throws SkyError why it does not */
export async function startDaemon({ cliEntry, dataDirectory }: DaemonStart): Promise<void> {
  const logPath = join(dataDirectory, 'lab-daemon.log')
  let log: number
  try {
    await makeDirectory(dataDirectory)
    log = openSync(logPath, 'a')
  } catch (thrown) {
    throw storageError(thrown, dataDirectory, 'storage_unwritable')
  }
  const child = spawn(process.execPath, [cliEntry, 'lab-daemon', '--data', dataDirectory], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    windowsHide: true,
  })
  closeSync(log)
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('message', (message) => {
        const greeting = daemonGreeting.safeParse(message)
        if (greeting.success && greeting.data.kind === 'ready') return resolve()
        const error = greeting.success && greeting.data.kind === 'failed' ? greeting.data.error : null
        const body = errorBody.safeParse(error)
        reject(body.success ? fromErrorBody(body.data) : new SkyError('internal', 'The lab gave no reason'))
      })
      child.once('error', (error) => reject(new SkyError('lab_start_failed', error.message)))
      child.once('exit', (code) => {
        const message = `The lab in the background ended while it started (exit code ${code ?? 'unknown'})`
        reject(new SkyError('lab_start_failed', message, `See ${logPath}.`))
      })
    })
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
}
