import { startTestLab } from '#agent/testing/agent-process'

export interface MemoryReport {
  /** Resident memory of each satellite host with empty stores, bytes. */
  readonly satelliteHostsRssBytes: readonly number[]
  readonly inferenceHostRssBytes: number
}

/** The hosts of a 19x5 lab, started and connected, with nothing stored. */
export async function benchMemory(): Promise<MemoryReport> {
  const lab = await startTestLab(19, 5)
  try {
    const hosts = await Promise.all(lab.satellites.map((host) => host.control.call('counters', {})))
    const inference = await lab.inference.control.call('status', {})
    return {
      satelliteHostsRssBytes: hosts.map((host) => host.rssBytes),
      inferenceHostRssBytes: inference.rssBytes,
    }
  } finally {
    await lab.stop()
  }
}
