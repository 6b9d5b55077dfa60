import { _electron } from '@playwright/test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const launches = 7

export interface WindowReport {
  /** From starting the program to a window in which the engine has answered and "Run demo" can be clicked, s. */
  readonly secondsMedian: number
  readonly seconds: readonly number[]
}

/**
 * How soon the app can be used, each time with a fresh profile; the first launch is a warm-up.
 * @param command the program and its first arguments
 */
export async function benchWindow(command: {
  executable: string
  args: readonly string[]
}): Promise<WindowReport> {
  const seconds: number[] = []
  for (let i = -1; i < launches; i++) {
    const profile = await mkdtemp(join(tmpdir(), 'sky-bench-'))
    const start = performance.now()
    const app = await _electron.launch({
      executablePath: command.executable,
      args: [...command.args, `--user-data-dir=${profile}`],
      timeout: 30_000,
    })
    const page = await app.firstWindow()
    await page.getByRole('button', { name: 'Run demo' }).and(page.locator(':enabled')).first().waitFor()
    if (i >= 0) seconds.push((performance.now() - start) / 1000)
    await app.close()
    await rm(profile, { recursive: true, force: true })
  }
  const sorted = seconds.toSorted((a, b) => a - b)
  return { secondsMedian: sorted[Math.floor(launches / 2)] ?? NaN, seconds }
}
