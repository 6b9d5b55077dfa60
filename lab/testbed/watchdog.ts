import { spawn } from 'node:child_process'
import { registryFolder, tearDownScript } from './tear-down'

/**
 * Take a testbed away when this process ends, also when it is killed: a process of its own waits for the end of its input, which only
 * this one holds open.
 * @returns a function that ends the watch and leaves the testbed as it is
 */
export function watchOver(prefix: string, directory: string): () => void {
  const script = `cat > /dev/null\n${tearDownScript}`
  const watchdog = spawn('sh', ['-c', script, 'testbed-watchdog', prefix, directory, registryFolder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  const input = watchdog.stdin as typeof watchdog.stdin & { unref?: () => void }
  input.on('error', () => undefined)
  // The pipe must not keep this process alive.
  input.unref?.()
  return () => void watchdog.kill('SIGKILL')
}
