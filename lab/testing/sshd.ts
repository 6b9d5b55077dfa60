import { onTestFinished } from 'vitest'
import { temporaryFolder } from './folders'
import { launchSshd, type SshdOptions, type TestSshd } from './sshd-process'

export { fingerprintOf, freePort, newKey, sshdMissing } from './sshd-process'
export type { HostKeyType, SshdOptions, TestSshd } from './sshd-process'

/** A real OpenSSH server on loopback, which ends with the test. */
export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const server = await launchSshd(temporaryFolder(), options)
  onTestFinished(() => server.stop())
  return server
}
