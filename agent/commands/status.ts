import { createConnection } from 'node:net'
import { resolve as absolute } from 'node:path'
import { parseArgs } from 'node:util'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { satelliteControl, type Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import { connect } from '#shared/contract/rpc'
import { readAgentConfig } from '../config/read-config'
import { supervisorOf } from '../supervisor/pid-file'
import { answer, exitCodes, messageOf, required } from './say'

/** Time in which an agent that is well has answered, ms. */
const answerLimitMs = 5_000

/** Says whether the agent of a configuration answers, and which supervisor keeps it running. */
export async function status(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string' }, 'pid-file': { type: 'string' } },
  })
  const config = readAgentConfig(required(values.config, '--config'))
  const pidFile = values['pid-file']
  const supervisor = pidFile === undefined ? null : supervisorOf(absolute(pidFile))
  try {
    answer({ supervisor, agent: await ask(config.control), problem: null })
  } catch (thrown) {
    answer({ supervisor, agent: null, problem: messageOf(thrown) })
    process.exitCode = exitCodes.notRunning
  }
}

async function ask(path: string): Promise<Hello> {
  const socket = createConnection(path)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', (error) => {
        reject(new SkyError('host_down', `no agent answers on ${path}: ${error.message}`))
      })
    })
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    connection.onClose(() => connection.dispose())
    // Both roles answer this one in the same way.
    const client = connect(connection, satelliteControl, 'the agent')
    connection.listen()
    return await client.call('hello', {}, AbortSignal.timeout(answerLimitMs))
  } finally {
    socket.destroy()
  }
}
