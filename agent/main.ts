import { parseArgs } from 'node:util'
import {
  agentProtocolVersion,
  inferenceControl,
  satelliteControl,
  type Hello,
} from '#shared/contract/agent-control'
import { listenForControl } from './control/control-server'
import { satelliteHandlers } from './control/satellite-handlers'
import { describeHardware } from './hardware'
import { createLog } from './log'
import { SatelliteHost } from './satellite/satellite-host'
import { agentVersion } from './version'

const usage = `skymemory-agent: a host of a SkyMemory lab

  skymemory-agent satellite --host-id ID --control SOCKET [--bind ADDRESS] [--port PORT] [--exit-with-stdin]
  skymemory-agent inference --host-id ID --control SOCKET --journal-directory DIR [--exit-with-stdin]

  --host-id            name of this host in the lab
  --control            Unix socket (Windows: named pipe) on which the console gives its orders
  --bind, --port       where other hosts connect (default 127.0.0.1, any free port)
  --journal-directory  where the records of trials are kept until the console has them
  --exit-with-stdin    end when standard input ends, so that the agent does not outlive who started it
`

const log = createLog((line) => process.stderr.write(line))

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'host-id': { type: 'string' },
      control: { type: 'string' },
      bind: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      'journal-directory': { type: 'string' },
      'exit-with-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const role = positionals[0]
  const hostId = required(values['host-id'], '--host-id')
  const control = required(values.control, '--control')
  const startedAt = Date.now()
  const describe = (dataPort: number): Hello => ({
    role: role === 'inference' ? 'inference' : 'satellite',
    hostId,
    version: agentVersion,
    protocolVersion: agentProtocolVersion,
    nodeVersion: process.versions.node,
    pid: process.pid,
    startedAt,
    dataPort,
    hardware: describeHardware(),
  })
  if (role === 'satellite') await startSatellites(hostId, control, values.bind, Number(values.port), describe)
  else if (role === 'inference') {
    await startInference(
      hostId,
      control,
      required(values['journal-directory'], '--journal-directory'),
      describe,
    )
  } else throw new Error(`say 'satellite' or 'inference'\n\n${usage}`)
  if (values['exit-with-stdin']) {
    process.stdin.resume()
    process.stdin.once('end', () => process.exit(0))
    process.stdin.once('error', () => process.exit(0))
  }
  process.stdout.write('{"ready":true}\n')
}

async function startSatellites(
  hostId: string,
  control: string,
  address: string,
  port: number,
  describe: (dataPort: number) => Hello,
): Promise<void> {
  const host = new SatelliteHost(hostId, log)
  const dataPort = await host.transport.listen(address, port)
  const server = await listenForControl(control, satelliteControl, () =>
    satelliteHandlers(
      host,
      () => describe(dataPort),
      () => shutDown(),
    ),
  )
  const shutDown = (): void => {
    server.close()
    host.close()
    process.exit(0)
  }
  process.once('SIGTERM', shutDown)
  process.once('SIGINT', shutDown)
}

async function startInference(
  hostId: string,
  control: string,
  journalDirectory: string,
  describe: (dataPort: number) => Hello,
): Promise<void> {
  // Only here: a satellite host needs neither the tokenizer's vocabulary nor a web server in its memory.
  const [{ InferenceHost }, { ApiServer }, { inferenceHandlers }] = await Promise.all([
    import('./inference/inference-host'),
    import('./inference/api/api-server'),
    import('./control/inference-handlers'),
  ])
  const host = new InferenceHost(hostId, journalDirectory, log)
  const api = new ApiServer()
  const server = await listenForControl(control, inferenceControl, (connection) =>
    inferenceHandlers(
      host,
      api,
      () => describe(0),
      () => shutDown(),
      connection,
    ),
  )
  const shutDown = (): void => {
    server.close()
    host.close()
    process.exit(0)
  }
  process.once('SIGTERM', shutDown)
  process.once('SIGINT', shutDown)
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new Error(`${option} is missing\n\n${usage}`)
  return value
}

main().catch((thrown: unknown) => {
  log.error(thrown instanceof Error ? thrown.message : String(thrown))
  process.exit(1)
})
