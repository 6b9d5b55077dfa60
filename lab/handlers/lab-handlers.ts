import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { samePosition } from '#shared/constellation/torus'
import { isSame, type LabService } from '../hosts/lab-service'
import { constellationSnapshot, linksOf, trialGeography } from '../runs/constellation'
import type { ServedApi } from '../hosts/served-api'
import type { RunQueue } from '../runs/run-queue'

type LabMethods =
  | 'labState'
  | 'startLab'
  | 'stopLab'
  | 'restartHost'
  | 'setSatelliteFailed'
  | 'setLinkFailed'
  | 'constellation'
  | 'satelliteDetail'
  | 'delayReport'
  | 'serveApi'

/** Blocks of a satellite that its panel lists. */
const listedBlocks = 1_000

export function labHandlers({
  lab,
  queue,
  served,
}: {
  lab: LabService
  queue: RunQueue
  served: ServedApi
}): Pick<Handlers<ConsoleApi>, LabMethods> {
  const requireNoRun = (what: string): void => {
    const { active } = queue
    if (active)
      throw new SkyError('conflict', `A ${active} is active: ${what}`, `Cancel the ${active} first.`)
  }
  return {
    labState: () => lab.state,
    startLab: async ({ lab: name, ...shape }) => {
      const wanted = { name, ...shape }
      if (lab.hosts && !isSame(lab.hosts, wanted)) requireNoRun('the lab cannot become another one now')
      await lab.ensure(wanted)
      return lab.state
    },
    stopLab: async () => {
      requireNoRun('the lab cannot be stopped now')
      await lab.stop()
      return null
    },
    restartHost: async ({ hostId }) => {
      const hosts = lab.require()
      const host = hosts.hosts().find((each) => each.hostId === hostId)
      if (!host) throw new SkyError('not_found', `The lab has no host ${hostId}`)
      await hosts.restart([hostId])
      return null
    },
    setSatelliteFailed: async ({ failed, ...position }) => {
      await lab.setSatelliteFailed(position, failed)
      return null
    },
    setLinkFailed: async ({ failed, ...link }) => {
      await lab.setLinkFailed(link, failed)
      return null
    },
    constellation: async () => {
      const { hosts } = lab
      if (!hosts) return null
      await hosts.poll()
      return constellationSnapshot(hosts, queue.current, lab.failures, Date.now())
    },
    satelliteDetail: async (position) => {
      const hosts = lab.require()
      const snapshot = constellationSnapshot(hosts, queue.current, lab.failures, Date.now())
      const satellite = snapshot.satellites.find((each) => samePosition(each, position))
      if (!satellite) {
        const message = `There is no satellite at slot ${position.slot}, plane ${position.plane}`
        throw new SkyError('not_found', message)
      }
      const { hostId, failed, ...counters } = satellite
      const isUp = hosts.hosts().some((host) => host.hostId === hostId && host.state.kind === 'healthy')
      const blocks = isUp
        ? await hosts.satellite(hostId).call('storedBlocks', { ...position, limit: listedBlocks })
        : []
      const { servers, parameters } = trialGeography(queue.current, hosts.shape)
      const server = servers.findIndex((each) => samePosition(each, position))
      return {
        counters,
        hostId,
        failed,
        server: server === -1 ? null : server,
        links: linksOf(position, hosts.shape, parameters, lab.failures),
        blocks,
      }
    },
    delayReport: async () => {
      const hosts = lab.require()
      await hosts.poll()
      // Whole round trips, as the inference host sees them: links make up for each other's lateness.
      const inference = hosts.hosts().find((host) => host.role === 'inference')
      const sample = hosts.samples().get(inference?.hostId ?? '')
      return sample?.delay ?? { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }
    },
    serveApi: async ({ parameters, port }) => {
      requireNoRun('the API is served between runs only')
      return served.serve(parameters, port)
    },
  }
}
