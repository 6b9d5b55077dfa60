import type { Duplex } from 'node:stream'
import { Duplex as DuplexStream } from 'node:stream'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import type { MessageConnection } from 'vscode-jsonrpc'
import {
  agentProtocolVersion,
  inferenceControl,
  satelliteControl,
  type Hello,
} from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import { connect, type Client } from '#shared/contract/rpc'
import type { InferenceClient, SatelliteClient } from '../hosts/lab-hosts'
import type { HostLayout } from '../provisioning/host-layout'
import type { SshSession } from '../ssh/ssh-session'

export type AgentRole = Hello['role']

/** One control connection to an agent, through SSH. */
export interface AgentLink {
  readonly hello: Hello
  readonly client: SatelliteClient | InferenceClient
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>
  close(): void
}

/** Time that an agent may take to say who it is, ms. */
const helloLimitMs = 10_000

export interface ExpectedAgent {
  readonly host: string
  readonly role: AgentRole
  /** Of the console: its agents are those that it brought. */
  readonly agentVersion: string
}

/** @throws SkyError `host_down` when no agent answers, `version_skew` */
export async function openAgentLink(stream: Duplex, expected: ExpectedAgent): Promise<AgentLink> {
  const { host, role } = expected
  const connection = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream))
  // Without a listener an error of the connection would be thrown into the event loop.
  connection.onError(() => undefined)
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => resolve())
    connection.onClose(() => resolve())
  })
  // vscode-jsonrpc leaves calls hanging when the other side goes away; disposing rejects them.
  void closed.then(() => connection.dispose())
  const close = (): void => void stream.destroy()
  try {
    const client = clientOf(connection, role, host)
    connection.listen()
    const hello = await client
      .call('hello', {}, AbortSignal.timeout(helloLimitMs))
      .catch((thrown: unknown) => {
        throw noAnswer(host, thrown)
      })
    checkVersion(hello, expected)
    return { hello, client, closed, close }
  } catch (thrown) {
    close()
    throw thrown
  }
}

function clientOf(
  connection: MessageConnection,
  role: AgentRole,
  host: string,
): Client<typeof satelliteControl> {
  // The methods that both roles have are called by the one type.
  return role === 'satellite'
    ? connect(connection, satelliteControl, host)
    : (connect(connection, inferenceControl, host) as unknown as Client<typeof satelliteControl>)
}

/**
 * The way to an agent's control socket: forwarded, or where the server forbids that, the streams of a program that connects to it.
 * @throws SkyError `host_down` when nothing listens there
 */
export async function openControlStream(session: SshSession, layout: HostLayout): Promise<Duplex> {
  try {
    return await session.connectToUnixSocket(layout.controlSocket)
  } catch (thrown) {
    if (!(thrown instanceof SkyError)) throw thrown
    if (thrown.code === 'unreachable') throw noAnswer(session.host, thrown)
    if (thrown.code !== 'not_supported') throw thrown
  }
  const { stdin, stdout, exited } = await session.start([
    layout.node,
    layout.entry,
    'bridge',
    '--control',
    layout.controlSocket,
  ])
  const stream = DuplexStream.from({ readable: stdout, writable: stdin })
  stream.on('error', () => undefined)
  const end = (): void => void stream.destroy()
  exited.then(end, end)
  return stream
}

function noAnswer(host: string, thrown: unknown): SkyError {
  if (thrown instanceof SkyError && ['host_down', 'version_skew'].includes(thrown.code)) return thrown
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return new SkyError(
    'host_down',
    `The agent of ${host} does not answer: ${reason}`,
    `Look at its log, then start it: skymemory lab service.`,
    { host },
  )
}

function checkVersion(hello: Hello, { host, role, agentVersion }: ExpectedAgent): void {
  const found =
    hello.protocolVersion !== agentProtocolVersion
      ? `speaks version ${hello.protocolVersion} of the control protocol, this console version ${agentProtocolVersion}`
      : hello.version !== agentVersion
        ? `is version ${hello.version}, this console version ${agentVersion}`
        : hello.role !== role
          ? `is a ${hello.role} host, the inventory has it as ${role} host`
          : null
  if (found === null) return
  throw new SkyError(
    'version_skew',
    `The agent of ${host} ${found}`,
    'Apply the lab again: it brings the agent that fits.',
    { host, agentVersion: hello.version },
  )
}
