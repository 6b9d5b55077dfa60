import { join } from 'node:path'
import type { AgentConfig } from '#shared/contract/agent-config'
import {
  agentProtocolVersion,
  inferenceControl,
  satelliteControl,
  type Hello,
} from '#shared/contract/agent-control'
import { readBootId } from './boot-id'
import { listenForControl, type ControlServer } from './control/control-server'
import { satelliteHandlers } from './control/satellite-handlers'
import { describeHardware } from './hardware'
import type { Log } from './log'
import { SatelliteHost } from './satellite/satellite-host'
import { MachineWatch } from './telemetry/machine-watch'
import { readTlsIdentity, tlsWire } from './transport/tls-wire'
import { plainWire, type Wire } from './transport/wire'
import { agentVersion } from './version'

/** Built beside the bundle that this is part of. */
const modelEntry = join(import.meta.dirname, 'skymemory-model.mjs')

type SatelliteConfig = Extract<AgentConfig, { role: 'satellite' }>
type InferenceConfig = Extract<AgentConfig, { role: 'inference' }>

export interface RunOptions {
  readonly log: Log
  /** End when standard input ends, so that the agent does not outlive who started it. */
  readonly exitWithStdin: boolean
}

/** A host of a lab; resolves when it can be reached. It then waits for orders, and ends by one of them or by a signal. */
export async function runAgent(config: AgentConfig, { log, exitWithStdin }: RunOptions): Promise<void> {
  const startedAt = Date.now()
  const describe = (dataPort: number): Hello => ({
    role: config.role,
    hostId: config.hostId,
    version: agentVersion,
    protocolVersion: agentProtocolVersion,
    nodeVersion: process.versions.node,
    pid: process.pid,
    startedAt,
    dataPort,
    hardware: describeHardware(),
    bootId: readBootId(),
  })
  const shutDown =
    config.role === 'satellite'
      ? await startSatellites(config, log, describe)
      : await startInference(config, log, describe)
  process.once('SIGTERM', shutDown)
  process.once('SIGINT', shutDown)
  if (exitWithStdin) {
    process.stdin.resume()
    process.stdin.once('end', shutDown)
    process.stdin.once('error', shutDown)
  }
  log.info(
    `${config.role} host ${config.hostId}, version ${agentVersion}, waits for orders on ${config.control}`,
  )
  process.stdout.write('{"ready":true}\n')
}

async function startSatellites(
  config: SatelliteConfig,
  log: Log,
  describe: (dataPort: number) => Hello,
): Promise<() => void> {
  const host = new SatelliteHost(config.hostId, log, wireOf(config))
  const machine = new MachineWatch()
  const dataPort = await host.transport.listen(config.bind, config.port)
  const server = await listenForControl(config.control, satelliteControl, () =>
    satelliteHandlers(
      host,
      machine,
      () => describe(dataPort),
      () => shutDown(),
    ),
  )
  const shutDown = ending(server, host)
  return shutDown
}

async function startInference(
  config: InferenceConfig,
  log: Log,
  describe: (dataPort: number) => Hello,
): Promise<() => void> {
  // Only here: a satellite host needs neither the tokenizer's vocabulary nor a web server in its memory.
  const [{ InferenceHost }, { ApiServer }, { inferenceHandlers }] = await Promise.all([
    import('./inference/inference-host'),
    import('./inference/api/api-server'),
    import('./control/inference-handlers'),
  ])
  const host = new InferenceHost(
    config.hostId,
    config.journalDirectory,
    log,
    wireOf(config),
    config.llama === null ? null : { entry: modelEntry, ...config.llama },
  )
  const api = new ApiServer()
  const machine = new MachineWatch()
  const server = await listenForControl(config.control, inferenceControl, (connection) =>
    inferenceHandlers(
      host,
      api,
      machine,
      () => describe(0),
      () => shutDown(),
      connection,
    ),
  )
  const shutDown = ending(server, host)
  return shutDown
}

function wireOf({ tls, hostId }: AgentConfig): Wire {
  return tls === null ? plainWire : tlsWire(readTlsIdentity(tls, hostId))
}

function ending(server: ControlServer, host: { close(): void }): () => void {
  return () => {
    server.close()
    host.close()
    process.exit(0)
  }
}
