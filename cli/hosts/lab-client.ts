import type { ConsoleApi } from '#shared/contract/console-api'
import type { Inventory } from '#shared/inventory/inventory'
import type { Client } from '#shared/contract/rpc'
import { withEngine } from '../connection'
import type { CommandContext } from '../context'
import { answering, answersOf, type Answers } from './answer'

/** An engine for a command about the hosts of a lab, and who answers what their connections need. */
export interface LabCommand {
  readonly client: Client<ConsoleApi>
  readonly answers: Answers
  /** Rejects when the engine is gone; never resolves. */
  readonly lost: Promise<never>
}

export function withHosts<T>(context: CommandContext, work: (command: LabCommand) => Promise<T>): Promise<T> {
  return withEngine(context.installation, context.data, (client, { lost }) =>
    work({ client, answers: answersOf(context, client), lost }),
  )
}

/** Connect to every host once, so that what is unknown or secret is asked for before the work begins. @throws SkyError of the first host that cannot be answered for */
export async function connectFirst(
  { client, answers }: LabCommand,
  inventory: Inventory,
  hosts: readonly string[] | null,
): Promise<void> {
  for (const { name } of inventory.hosts) {
    if (hosts !== null && !hosts.includes(name)) continue
    await answering(answers, () => client.call('checkConnection', { lab: inventory.name, host: name }))
  }
}

/** An aborted signal when Ctrl+C is pressed; pressed twice, the program ends at once. */
export function interruptSignal(): AbortSignal {
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  return ending.signal
}
