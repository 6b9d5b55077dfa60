import { SkyError } from '#shared/contract/errors'
import { printable } from '#shared/text/printable'
import type { Terminal } from '../output/terminal'
import { listenForInterrupts } from '../run/interrupts'
import { answering } from './answer'
import type { LabCommand } from './lab-client'

/**
 * Print the newest lines of a host's log, and what is added, until the user ends it.
 * @throws SkyError `connection_lost` when it ends by itself, `not_installed`
 */
export async function followLog(
  { client, answers, lost }: LabCommand,
  terminal: Terminal,
  target: { lab: string; host: string },
): Promise<void> {
  const { lab, host } = target
  const interrupts = listenForInterrupts()
  const isOurs = (event: { lab: string; host: string }): boolean => event.lab === lab && event.host === host
  const subscriptions = [
    client.on('serviceLog', (batch) => {
      if (isOurs(batch)) for (const line of batch.lines) terminal.out(printable(line))
    }),
  ]
  const over = new Promise<void>((resolve, reject) => {
    interrupts.signal.addEventListener('abort', () => resolve(), { once: true })
    subscriptions.push(
      client.on('serviceLogEnded', (end) => {
        if (isOurs(end))
          reject(new SkyError('connection_lost', end.reason, `Repeat: skymemory lab log ${lab} ${host} -f`))
      }),
    )
  })
  over.catch(() => undefined)
  try {
    await answering(answers, () => client.call('followServiceLog', target))
    await Promise.race([over, lost])
    await client.call('unfollowServiceLog', target)
  } finally {
    interrupts.stop()
    for (const unsubscribe of subscriptions) unsubscribe()
  }
}
