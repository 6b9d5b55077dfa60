import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { satelliteControl, type Hello } from '#shared/contract/agent-control'
import { connect } from '#shared/contract/rpc'
import { openControlStream } from '../../remote/agent-link'
import type { SshSession } from '../../ssh/ssh-session'
import type { AgentAnswer } from '../facts/host-facts'
import type { HostLayout } from '../host-layout'

/** Time in which an agent that is well has answered, ms. */
const answerLimitMs = 5_000

/**
 * Ask an agent who it is, through its control socket. Which version it is makes no difference here.
 * @throws SkyError `connection_lost` when the SSH connection is gone
 */
export async function askAgent(session: SshSession, layout: HostLayout): Promise<AgentAnswer> {
  try {
    return { hello: await hello(session, layout) }
  } catch (thrown) {
    return { hello: null, why: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

async function hello(session: SshSession, layout: HostLayout): Promise<Hello> {
  const stream = await openControlStream(session, layout)
  const connection = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream))
  connection.onError(() => undefined)
  // Calls would hang when the other side goes away.
  stream.once('close', () => connection.dispose())
  try {
    // Both roles answer this one in the same way.
    const client = connect(connection, satelliteControl, session.host)
    connection.listen()
    return await client.call('hello', {}, AbortSignal.timeout(answerLimitMs))
  } finally {
    stream.destroy()
  }
}
