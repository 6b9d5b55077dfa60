import type { InventoryHost } from '#shared/inventory/inventory'
import type { SshSession } from '../../ssh/ssh-session'
import { askAgent } from '../apply/ask-agent'
import { hostLayout } from '../host-layout'
import { chooseService } from '../plan/service-choice'
import { factsScript } from '../remote-scripts/facts-script'
import { serviceAccount, unitName } from '../services/service-names'
import { parseFacts, type AgentAnswer, type HostFacts } from './host-facts'

/** Time for the checksums of a runtime on a slow memory card, ms. */
const factsLimitMs = 120_000

export interface HostLook {
  readonly facts: HostFacts
  readonly answer: AgentAnswer
}

/** What is the case on a host; nothing is changed. @throws SkyError `provisioning_failed`, `connection_lost`, `cancelled` */
export async function lookAtHost(
  session: SshSession,
  lab: string,
  host: InventoryHost,
  signal: AbortSignal,
): Promise<HostLook> {
  const args = [lab, serviceAccount(lab), unitName(lab)]
  const { stdout } = await session.script(factsScript, args, { limitMs: factsLimitMs, signal })
  const facts = parseFacts(stdout, host.name)
  return { facts, answer: await answerOf(session, lab, host, facts) }
}

async function answerOf(
  session: SshSession,
  lab: string,
  host: InventoryHost,
  facts: HostFacts,
): Promise<AgentAnswer> {
  const service = serviceOf(host, facts)
  if (service === null) return { hello: null, why: 'it cannot run there' }
  const place = service === 'system' ? facts.system : facts.own
  if (!place.folders.has('run') || place.current === null) return { hello: null, why: 'it is not installed' }
  return askAgent(session, hostLayout(service, lab, facts.home))
}

/** Null where the inventory asks for a service that the host does not allow: planning says why. */
function serviceOf(host: InventoryHost, facts: HostFacts): ReturnType<typeof chooseService> | null {
  try {
    return chooseService(host, facts)
  } catch {
    return null
  }
}
