import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createConnection, type Socket } from 'node:net'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import type { MessageConnection } from 'vscode-jsonrpc'
import type { LogLine } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { LineSplitter } from './line-splitter'
import { parseLogLine } from './log-line'

export interface AgentOptions {
  readonly nodeExecutable: string
  readonly agentEntry: string
  readonly hostId: string
  /** Path of the control socket. */
  readonly control: string
  readonly role: 'satellite' | 'inference'
  /** Further arguments of the role. */
  readonly args: readonly string[]
  readonly onLog: (line: LogLine) => void
}

export interface AgentExit {
  readonly at: number
  readonly exitCode: number | null
  readonly signal: string | null
  readonly lastLines: string[]
}

/** Time that an agent may take to say that it is ready, ms. Slow machines under load start Node in seconds. */
const startLimitMs = 30_000
/** Time that an agent may take to end by itself once its stdin is closed, ms. */
const stopLimitMs = 3_000
const keptLines = 20

const running = new Set<ChildProcessWithoutNullStreams>()

/** No agent outlives this process: here when it exits, by the end of their stdin when it is killed. */
function watch(child: ChildProcessWithoutNullStreams): void {
  if (running.size === 0) process.on('exit', killAll)
  running.add(child)
}

function unwatch(child: ChildProcessWithoutNullStreams): void {
  running.delete(child)
  if (running.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** One agent as a child process, with its control connection. */
export class AgentProcess {
  readonly hostId: string
  readonly pid: number
  readonly connection: MessageConnection
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<AgentExit>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #socket: Socket

  private constructor(
    options: AgentOptions,
    child: ChildProcessWithoutNullStreams,
    socket: Socket,
    exited: Promise<AgentExit>,
  ) {
    this.hostId = options.hostId
    this.pid = child.pid as number
    this.#child = child
    this.#socket = socket
    this.exited = exited
    this.connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    // Without a listener an error of the connection would be thrown into the event loop.
    this.connection.onError(() => undefined)
    // vscode-jsonrpc leaves calls hanging when the other side goes away; disposing rejects them.
    this.connection.onClose(() => this.connection.dispose())
    void exited.then(() => {
      socket.destroy()
      this.connection.dispose()
    })
  }

  /** @throws SkyError `lab_start_failed` with the last lines that the agent printed, `cancelled` */
  static async start(options: AgentOptions, signal: AbortSignal): Promise<AgentProcess> {
    const { hostId, nodeExecutable, agentEntry, role, control, args } = options
    const child = spawn(
      nodeExecutable,
      [agentEntry, role, '--host-id', hostId, '--control', control, ...args, '--exit-with-stdin'],
      { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
    )
    watch(child)
    // Writing to an agent that has just ended is no error of ours.
    child.stdin.on('error', () => undefined)

    const lastLines: string[] = []
    const errors = new LineSplitter((text) => {
      const line = parseLogLine(text, hostId, Date.now())
      lastLines.push(line.text)
      if (lastLines.length > keptLines) lastLines.shift()
      options.onLog(line)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))

    const exited = new Promise<AgentExit>((resolve) => {
      const end = (exitCode: number | null, exitSignal: string | null): void => {
        unwatch(child)
        errors.end()
        resolve({ at: Date.now(), exitCode, signal: exitSignal, lastLines })
      }
      // `close` comes after the last line of stderr; `error` alone when the program could not be started.
      child.once('close', end)
      child.once('error', (error) => {
        lastLines.push(error.message)
        if (child.pid === undefined) end(null, null)
      })
    })

    try {
      await ready(child, hostId, exited, signal)
      const socket = await connectTo(control, hostId)
      return new AgentProcess(options, child, socket, exited)
    } catch (thrown) {
      child.kill('SIGKILL')
      throw thrown
    }
  }

  /** Ask it to end, and make it end. */
  async stop(): Promise<void> {
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopLimitMs)
    await this.exited
    clearTimeout(timer)
    this.#socket.destroy()
  }
}

async function ready(
  child: ChildProcessWithoutNullStreams,
  hostId: string,
  exited: Promise<AgentExit>,
  signal: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  try {
    await Promise.race([
      new Promise<void>((resolve) => {
        const lines = new LineSplitter((line) => {
          if (line.replaceAll(' ', '') === '{"ready":true}') resolve()
        })
        child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text))
      }),
      exited.then((exit) => {
        const how = exit.signal ? `signal ${exit.signal}` : `exit code ${exit.exitCode ?? 'unknown'}`
        // Node prints the error first, then where it was thrown.
        const why = exit.lastLines.find((line) => /error/i.test(line)) ?? exit.lastLines.at(-1)
        const said = why ? `: ${why}` : ''
        throw new SkyError(
          'lab_start_failed',
          `The agent of ${hostId} ended while it started (${how})${said}`,
          'See the log for its last lines.',
          { hostId, lastLines: exit.lastLines },
        )
      }),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const seconds = startLimitMs / 1000
          const message = `The agent of ${hostId} was not ready after ${seconds} s`
          reject(new SkyError('lab_start_failed', message, 'Close other programs and try again.', { hostId }))
        }, startLimitMs)
      }),
      new Promise<never>((_, reject) => {
        onAbort = () => reject(new SkyError('cancelled', `The start of ${hostId} was cancelled`))
        if (signal.aborted) onAbort()
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    ])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}

function connectTo(control: string, hostId: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(control)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      socket.on('error', () => undefined)
      resolve(socket)
    })
    socket.once('error', (error) => {
      reject(
        new SkyError(
          'lab_start_failed',
          `The control socket of ${hostId} cannot be reached: ${error.message}`,
        ),
      )
    })
  })
}
