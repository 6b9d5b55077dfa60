import type { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { BoundedOutput } from './bounded-output'
import { killChannel } from './kill-channel'
import { commandLimitMs, keptOutputBytes, type CommandOptions, type CommandResult } from './ssh-session'

export interface CommandOwner {
  readonly host: string
  /** Names the command in messages. */
  readonly name: string
  /** Aborted, with a SkyError, when the connection ends. */
  readonly ended: AbortSignal
}

interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

/** How the program of a channel ended. Rejects with `connection_lost` when its connection ended before. */
export function exitOf(channel: ClientChannel, ended: AbortSignal): Promise<Exit> {
  const exited = new Promise<Exit>((resolve, reject) => {
    const lost = (): void => reject(ended.reason as SkyError)
    ended.addEventListener('abort', lost, { once: true })
    // The exit event may be over before anybody can listen; ssh2 repeats what it said here. No exit code: it was closed from here.
    channel.on('close', (code?: number | null, signal?: string) => {
      ended.removeEventListener('abort', lost)
      if (code === undefined && ended.aborted) lost()
      else resolve({ exitCode: code ?? null, signal: signal ?? null })
    })
  })
  // Whoever does not ask how it ended is not told.
  exited.catch(() => undefined)
  return exited
}

/** @throws SkyError `timeout`, `cancelled`, `connection_lost` */
export async function runToEnd(
  channel: ClientChannel,
  { host, name, ended }: CommandOwner,
  { stdin, signal, limitMs = commandLimitMs, keptBytes = keptOutputBytes }: CommandOptions,
): Promise<CommandResult> {
  const stdout = new BoundedOutput(keptBytes)
  const stderr = new BoundedOutput(keptBytes)
  channel.on('data', (piece: Buffer) => stdout.add(piece))
  channel.stderr.on('data', (piece: Buffer) => stderr.add(piece))
  // A program that does not read its input to the end closes it; that is no error.
  channel.on('error', () => undefined)
  const done = Promise.all([exitOf(channel, ended), endOf(channel.stderr)])
  channel.end(stdin)

  let stop: (reason: SkyError) => void = () => undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = (reason) => {
      killChannel(channel)
      reject(reason)
    }
  })
  const timer = setTimeout(() => {
    const message = `${host}: the command did not end within ${limitMs / 1_000} s: ${name}`
    stop(new SkyError('timeout', message, 'Look at the load of the host, then try again.', { host }))
  }, limitMs)
  const cancel = (): void => stop(new SkyError('cancelled', `${host}: the command was cancelled: ${name}`))
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  try {
    const [exit] = await Promise.race([done, stopped])
    return {
      ...exit,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

function endOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded) resolve()
    else stream.once('end', resolve)
  })
}
