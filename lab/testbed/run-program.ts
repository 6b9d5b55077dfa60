import { spawn } from 'node:child_process'
import { SkyError } from '#shared/contract/errors'

export interface ProgramResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Run a program to its end. It does not fail for an exit code. @throws the system's error when it cannot be started */
export function runProgram(
  program: string,
  args: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    // A program that does not read its input is no error.
    child.stdin.on('error', () => undefined).end(stdin)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Run a program that has to succeed; returns what it printed. @throws SkyError `internal` with what it said */
export async function mustRun(
  program: string,
  args: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args, stdin)
  if (code === 0) return stdout
  const command = [program, ...args].join(' ').slice(0, 200)
  throw new SkyError('lab_start_failed', `${command} failed: ${stderr.trim() || `exit code ${code}`}`)
}
