import { describe, expect, it, onTestFinished } from 'vitest'
import { connectorTo, hostOf } from '../testing/ssh-lab'
import { sshdMissing, startSshd } from '../testing/sshd'
import { Terminals } from './terminals'

const missing = sshdMissing()
if (missing) console.warn(`terminals over SSH are not tested: ${missing}`)

const soon = { timeout: 15_000, interval: 20 }

async function aTerminal() {
  const server = await startSshd()
  const output: Buffer[] = []
  const ends: { exitCode: number | null; reason: string }[] = []
  const terminals = new Terminals({
    onOutput: ({ base64 }) => output.push(Buffer.from(base64, 'base64')),
    onClosed: (end) => ends.push(end),
  })
  onTestFinished(() => terminals.closeAll())
  const connector = connectorTo([hostOf(server, 'nuc1')])
  const terminalId = await terminals.open(connector, 'nuc1', { columns: 91, rows: 17 })
  const text = () => Buffer.concat(output).toString('utf8')
  const received = () => output.reduce((sum, bytes) => sum + bytes.length, 0)
  return { terminals, terminalId, text, received, ends }
}

describe.skipIf(missing)('a terminal on a real host', () => {
  it('runs what is typed, in the size of the window', async () => {
    const { terminals, terminalId, text, ends } = await aTerminal()
    terminals.input(terminalId, 'stty size\n')
    await expect.poll(text, soon).toContain('17 91')
    terminals.resize(terminalId, { columns: 120, rows: 40 })
    terminals.input(terminalId, 'stty size\n')
    await expect.poll(text, soon).toContain('40 120')
    terminals.input(terminalId, 'exit 7\n')
    await expect.poll(() => ends, soon).toMatchObject([{ exitCode: 7 }])
  })

  it('holds back a host that prints without end', async () => {
    const { terminals, terminalId, received } = await aTerminal()
    terminals.input(terminalId, 'yes flood\n')
    await expect.poll(received, soon).toBeGreaterThan(400_000)
    // Nobody shows it: what comes now is what was on its way.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const held = received()
    expect(held).toBeLessThan(1_500_000)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(received()).toBe(held)
    terminals.shown(terminalId, held)
    await expect.poll(received, soon).toBeGreaterThan(held)
  })
})
