import { expect, it } from 'vitest'
import { FakeConnector } from '../testing/fake-session'
import { Terminals } from './terminals'

async function aTerminal() {
  const connector = new FakeConnector()
  const output: Buffer[] = []
  const closed: object[] = []
  const terminals = new Terminals({
    onOutput: ({ base64 }) => output.push(Buffer.from(base64, 'base64')),
    onClosed: (end) => closed.push(end),
  })
  const terminalId = await terminals.open(connector, 'nuc1', { columns: 80, rows: 24 })
  const session = connector.sessions[0]
  const shell = session?.shells[0]
  if (!session || !shell) throw new Error('no shell was opened')
  return { terminals, terminalId, session, shell, output, closed }
}

const turn = () => new Promise(setImmediate)

it('sends bytes as they are, and takes input and size', async () => {
  const { terminals, terminalId, shell, output } = await aTerminal()
  shell.stream.push(Buffer.from([0x1b, 0xff, 0x00, 0x0a]))
  await turn()
  expect(Buffer.concat(output)).toEqual(Buffer.from([0x1b, 0xff, 0x00, 0x0a]))
  terminals.resize(terminalId, { columns: 100, rows: 30 })
  expect(shell.size).toEqual({ columns: 100, rows: 30 })
})

it('makes a host that floods wait for the window', async () => {
  const { terminals, terminalId, shell, output } = await aTerminal()
  const received = () => output.reduce((sum, bytes) => sum + bytes.length, 0)
  for (let i = 0; i < 64; i++) shell.stream.push(Buffer.alloc(64 * 1024))
  for (let i = 0; i < 100; i++) await turn()
  const first = received()
  expect(first).toBeLessThan(1024 * 1024)
  expect(shell.stream.isPaused()).toBe(true)
  terminals.shown(terminalId, first)
  for (let i = 0; i < 100; i++) await turn()
  expect(received()).toBeGreaterThan(first)
})

it('tells how it ended, once, and gives its connection back', async () => {
  const { terminals, terminalId, session, shell, closed } = await aTerminal()
  shell.end(3)
  await turn()
  session.lose(new Error('too late'))
  expect(closed).toEqual([{ terminalId, exitCode: 3, reason: 'ended with exit code 3' }])
  expect(session.isClosed).toBe(true)
  expect(() => terminals.input(terminalId, 'x')).toThrow(expect.objectContaining({ code: 'not_found' }))
  terminals.shown(terminalId, 10)
})

it('ends with its connection', async () => {
  const { session, closed, terminalId } = await aTerminal()
  session.lose(new Error('the cable was cut'))
  expect(closed).toEqual([{ terminalId, exitCode: null, reason: 'the cable was cut' }])
})
