import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import type { AgentConfig } from '#shared/contract/agent-config'
import { inferenceControl, satelliteControl, type LabTopology } from '#shared/contract/agent-control'
import { connect, type Client, type Contract } from '#shared/contract/rpc'
import { writeIdentity, type TestAuthority } from './test-authority'

/** What `npm run build` makes: integration tests run it. */
export const agentBundle = join(import.meta.dirname, '../../out/agent/skymemory-agent.mjs')

export interface AgentProcess<C extends Contract> {
  readonly child: ChildProcess
  readonly control: Client<C>
  /** Break the connection behind `control`. */
  readonly disconnect: () => void
  readonly socketPath: string
  readonly stderr: () => string
}

/** Starts one agent as a process of its own and connects to its control socket. */
async function startAgent<C extends Contract>(
  contract: C,
  config: AgentConfig,
  directory: string,
): Promise<AgentProcess<C>> {
  const { hostId, control: socketPath } = config
  const file = join(directory, `${hostId}.json`)
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(process.execPath, [agentBundle, '--config', file, '--exit-with-stdin'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
  const ready = once(child.stdout, 'data')
  const exited = once(child, 'exit').then(() => {
    throw new Error(`${hostId} exited: ${stderr}`)
  })
  exited.catch(() => undefined)
  await Promise.race([ready, exited])
  return {
    child,
    ...(await openControl(contract, socketPath, hostId)),
    socketPath,
    stderr: () => stderr,
  }
}

export async function connectControl<C extends Contract>(
  contract: C,
  path: string,
  peer: string,
): Promise<Client<C>> {
  return (await openControl(contract, path, peer)).control
}

async function openControl<C extends Contract>(contract: C, path: string, peer: string) {
  const socket = connectSocket(path)
  await once(socket, 'connect')
  const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket))
  const control = connect(connection, contract, peer)
  connection.listen()
  socket.unref()
  const disconnect = (): void => {
    socket.destroy()
    connection.dispose()
  }
  return { control, disconnect }
}

export interface TestLab {
  readonly directory: string
  readonly satellites: AgentProcess<typeof satelliteControl>[]
  inference: AgentProcess<typeof inferenceControl>
  topology(): Promise<LabTopology>
  configureAll(): Promise<void>
  restartInference(): Promise<void>
  stop(): Promise<void>
}

export interface TestLabOptions {
  /** Gives hosts certificates, so that they talk over mutual TLS; null = plain TCP. */
  readonly authority?: TestAuthority | null
  /** What the inference host needs to run real models. */
  readonly llama?: Extract<AgentConfig, { role: 'inference' }>['llama']
}

/** A whole lab of agent processes: satellite hosts (one a plane unless told otherwise), and an inference host. */
export async function startTestLab(
  slots: number,
  planes: number,
  hosts = planes,
  { authority = null, llama = null }: TestLabOptions = {},
): Promise<TestLab> {
  const directory = mkdtempSync(join(tmpdir(), 'sky-'))
  const journals = join(directory, 'journals')
  const common = async (hostId: string) => ({
    hostId,
    control: join(directory, `${hostId}.sock`),
    tls: authority === null ? null : writeIdentity(directory, await authority.issue(hostId)),
  })
  const startInference = async () => {
    const config = { role: 'inference' as const, ...(await common('jetson')) }
    return startAgent(inferenceControl, { ...config, journalDirectory: journals, llama }, directory)
  }
  const satellites = await Promise.all(
    Array.from({ length: hosts }, async (_, host) => {
      const config = { role: 'satellite' as const, ...(await common(`nuc${host + 1}`)) }
      return startAgent(satelliteControl, { ...config, bind: '127.0.0.1', port: 0 }, directory)
    }),
  )
  const lab: TestLab = {
    directory,
    satellites,
    inference: await startInference(),
    async topology() {
      const hellos = await Promise.all(satellites.map((host) => host.control.call('hello', {})))
      return {
        slots,
        planes,
        inferenceHostId: 'jetson',
        token: 'a token for tests',
        peers: hellos.map((hello, host) => ({
          hostId: hello.hostId,
          address: '127.0.0.1',
          port: hello.dataPort,
          planes: Array.from({ length: planes }, (_, plane) => plane).filter(
            (plane) => plane % hosts === host,
          ),
        })),
      }
    },
    async configureAll() {
      const topology = await lab.topology()
      for (const host of satellites) await host.control.call('configure', topology)
      await lab.inference.control.call('configure', topology)
      await connected(lab, hosts)
    },
    async restartInference() {
      lab.inference = await startInference()
    },
    async stop() {
      const children = [...satellites, lab.inference].map((host) => host.child)
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const exit = once(child, 'exit')
          child.stdin?.end()
          await exit
        }),
      )
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await lab.configureAll()
  return lab
}

/** Waits until every host is connected to every other one. */
async function connected(lab: TestLab, hosts: number): Promise<void> {
  for (;;) {
    const counts = await Promise.all([
      ...lab.satellites.map(async (host) => (await host.control.call('counters', {})).peersConnected.length),
      lab.inference.control.call('status', {}).then((status) => status.peersConnected.length),
    ])
    if (counts.every((count) => count === hosts)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
