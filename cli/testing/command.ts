import { spawn, type ChildProcess } from 'node:child_process'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** Resolves when this has been printed to stderr. */
  said(pattern: RegExp): Promise<void>
  /** What has been printed to stderr so far. */
  errorText(): string
}

/** Starts `skymemory` as a user would, with a data directory of its own. */
export function startCommand(cli: string, data: string, args: readonly string[], cwd = data): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, SKYMEMORY_DATA: data, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  const waiting: { pattern: RegExp; resolve: () => void; reject: (error: Error) => void }[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    for (const each of waiting) if (each.pattern.test(err)) each.resolve()
  })
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code, signal) => {
      for (const each of waiting)
        each.reject(new Error(`it ended without saying ${each.pattern.source}: ${err}`))
      resolve({ code, signal, out, err })
    })
  })
  return {
    child,
    finished,
    errorText: () => err,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        if (pattern.test(err)) resolve()
        else waiting.push({ pattern, resolve, reject })
      }),
  }
}
