import { describe, expect, it, vi } from 'vitest'
import { useConnection } from '../stores/connection'
import { withEngine, withStores } from '../testing/with-stores'
import { useTerminalSession, type TerminalScreen } from './use-terminal-session'

const lab = 'testbed'
const size = { columns: 80, rows: 24 }
const base64 = (text: string): string => btoa(text)

/** A screen that shows when it is told to. */
function aScreen() {
  const written: string[] = []
  const waiting: (() => void)[] = []
  const screen: TerminalScreen = {
    write: (bytes, shown) => {
      written.push(new TextDecoder().decode(bytes))
      waiting.push(shown)
    },
  }
  const showAll = (): void => {
    for (const shown of waiting.splice(0)) shown()
  }
  return { screen, showAll, waiting, text: () => written.join('') }
}

function testbed() {
  const { engine, use } = withStores()
  engine.ssh.addTestbed()
  engine.ssh.access.acceptAll(lab)
  const shown = aScreen()
  const session = use(() =>
    useTerminalSession(
      () => lab,
      () => 'nuc1',
      shown.screen,
    ),
  )
  return { engine, use, session, ...shown }
}

describe('a terminal', () => {
  it('shows what came before its id was known, and takes keys', async () => {
    const { session, text } = testbed()
    await session.open(size)
    expect(session.state.value.kind).toBe('open')
    expect(text()).toContain('Linux nuc1')
    session.input('help\r')
    await vi.waitFor(() => expect(text()).toContain('help: not found'))
  })

  it('holds a flood of output back until what came was shown', async () => {
    const { session, text, showAll, waiting } = testbed()
    await session.open(size)
    session.input('flood\r')
    await vi.waitFor(() => expect(text()).toContain('line 0 '))
    const before = text().length
    expect(before).toBeLessThan(200_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(text()).toHaveLength(before)
    while (!text().includes('line 19999 ')) {
      showAll()
      await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0))
    }
  })

  it('says that the host is lost, and opens again', async () => {
    const { engine, session } = testbed()
    await session.open(size)
    engine.cut('nuc1', 'no answer for 5 s')
    expect(session.state.value).toEqual({ kind: 'closed', reason: 'no answer for 5 s', exitCode: null })
    session.input('nobody hears this')
    await session.open(size)
    expect(session.state.value).toMatchObject({ kind: 'failed', error: { code: 'unreachable' } })
    engine.cut('nuc1', null)
    await session.open(size)
    expect(session.state.value.kind).toBe('open')
    session.input('exit\r')
    await vi.waitFor(() =>
      expect(session.state.value).toEqual({ kind: 'closed', reason: 'the shell ended', exitCode: 0 }),
    )
  })

  it('asks for what the host needs, and is not opened when that is not answered', async () => {
    const { engine, use, session } = testbed()
    engine.ssh.access.forgetKey(lab, 'nuc1')
    const connection = use(useConnection)
    const opened = session.open(size)
    await vi.waitFor(() => expect(connection.current?.kind).toBe('unknown_key'))
    connection.cancel()
    await opened
    expect(session.state.value).toMatchObject({ kind: 'failed', error: { code: 'cancelled' } })
  })

  it('is closed on the host when it was left before it was open', async () => {
    let answer: (value: { terminalId: string }) => void = () => undefined
    const closeTerminal = vi.fn(() => null)
    const { use } = withEngine({
      openTerminal: () => new Promise((resolve) => (answer = resolve)),
      closeTerminal,
    })
    const { screen } = aScreen()
    const session = use(() =>
      useTerminalSession(
        () => lab,
        () => 'nuc1',
        screen,
      ),
    )
    const opened = session.open(size)
    await vi.waitFor(() => expect(session.state.value.kind).toBe('opening'))
    session.close()
    answer({ terminalId: 't9' })
    await opened
    expect(closeTerminal).toHaveBeenCalledTimes(1)
    expect(session.state.value.kind).toBe('closed')
  })

  it('has the size that its screen took while it was being opened', async () => {
    const sizes: number[][] = []
    let answer: (value: { terminalId: string }) => void = () => undefined
    const { use } = withEngine({
      openTerminal: () => new Promise((resolve) => (answer = resolve)),
      resizeTerminal: ({ columns, rows }) => {
        sizes.push([columns, rows])
        return null
      },
      closeTerminal: () => null,
    })
    const { screen } = aScreen()
    const session = use(() =>
      useTerminalSession(
        () => lab,
        () => 'nuc1',
        screen,
      ),
    )
    const opened = session.open(size)
    await vi.waitFor(() => expect(session.state.value.kind).toBe('opening'))
    session.resize({ columns: 90, rows: 13 })
    session.resize({ columns: 90, rows: 35 })
    answer({ terminalId: 't1' })
    await opened
    await vi.waitFor(() => expect(sizes).toEqual([[90, 35]]))
  })

  it('sends a long text in pieces, and shows nothing of other terminals', async () => {
    const pieces: string[] = []
    const { emit, use } = withEngine({
      openTerminal: () => ({ terminalId: 't1' }),
      terminalInput: ({ text }) => {
        pieces.push(text)
        return null
      },
      closeTerminal: () => null,
    })
    const { screen, text } = aScreen()
    const session = use(() =>
      useTerminalSession(
        () => lab,
        () => 'nuc1',
        screen,
      ),
    )
    await session.open(size)
    session.input('x'.repeat(250_000))
    expect(pieces.map((piece) => piece.length)).toEqual([100_000, 100_000, 50_000])
    emit('terminalOutput', { terminalId: 't2', base64: base64('secret') })
    emit('terminalOutput', { terminalId: 't1', base64: base64('own') })
    expect(text()).toBe('own')
  })
})
