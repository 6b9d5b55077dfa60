import { createConnection } from 'node:net'
import { parseArgs } from 'node:util'
import { SkyError } from '#shared/contract/errors'
import { required } from './say'

/**
 * Standard input and output become the control channel of the agent on this machine: the way in where SSH may not forward
 * sockets. It ends with either of the two.
 */
export async function bridge(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { control: { type: 'string' } } })
  const path = required(values.control, '--control')
  const socket = createConnection(path)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (error) => {
      reject(
        new SkyError(
          'host_down',
          `no agent answers on ${path}: ${error.message}`,
          'Start it, or look at its log.',
        ),
      )
    })
  })
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.on('error', () => undefined)
    process.stdin.pipe(socket)
    process.stdin.once('error', () => socket.destroy())
    socket.pipe(process.stdout)
    process.stdout.once('error', () => socket.destroy())
  })
  process.stdin.destroy()
}
