import { _electron, errors, type ElectronApplication } from '@playwright/test'

type LaunchOptions = NonNullable<Parameters<typeof _electron.launch>[0]>

/** A start takes about a second; ten times that on a busy machine. */
const limitMs = 25_000

/**
 * Start the app under Playwright. Its handshake with Electron, over two debuggers at once, stalls now and then on a busy machine
 * with the app running and waiting; it ends the app then, and another start is given a chance. An app that cannot start
 * fails the second one too.
 */
export async function launchApp(options: LaunchOptions): Promise<ElectronApplication> {
  try {
    return await _electron.launch({ ...options, timeout: limitMs })
  } catch (thrown) {
    if (!(thrown instanceof errors.TimeoutError)) throw thrown
    return _electron.launch({ ...options, timeout: limitMs })
  }
}
