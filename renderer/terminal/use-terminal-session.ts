import { onScopeDispose, shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../engine'
import { useConnection } from '../stores/connection'

export type TerminalState =
  | { readonly kind: 'closed'; readonly reason: string; readonly exitCode: number | null }
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly terminalId: string }
  | { readonly kind: 'failed'; readonly error: ErrorBody }

/** What shows a terminal's output. */
export interface TerminalScreen {
  /** @param shown called when these bytes were drawn */
  write(bytes: Uint8Array, shown: () => void): void
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** A pasted text goes in pieces: the contract bounds one. Characters. */
const longestInput = 100_000

interface Early {
  readonly outputs: string[]
  closed: { exitCode: number | null; reason: string } | null
}

/**
 * A shell on a host, shown on a screen. The host sends only so much before it hears that earlier output was shown, so that a
 * flood of output neither fills memory nor makes keys wait.
 */
export function useTerminalSession(lab: () => string, host: () => string, screen: TerminalScreen) {
  const { client } = useEngine()
  const connection = useConnection()
  const state = shallowRef<TerminalState>({ kind: 'closed', reason: '', exitCode: null })
  /** What came of terminals whose id is not known here yet: events may overtake the answer to `openTerminal`. */
  let early: Map<string, Early> | null = null
  let shownBytes = 0
  let telling = false
  /** The size that the screen took while the terminal was being opened. */
  let wanted: TerminalSize | null = null
  /** Counts openings: an answer that comes after the terminal was left belongs to nobody. */
  let opening = 0

  const unsubscribe = [
    client.on('terminalOutput', ({ terminalId, base64 }) => {
      if (isOpen(terminalId)) show(terminalId, base64)
      else if (early) earlyOf(early, terminalId).outputs.push(base64)
    }),
    client.on('terminalClosed', ({ terminalId, exitCode, reason }) => {
      if (isOpen(terminalId)) state.value = { kind: 'closed', reason, exitCode }
      else if (early) earlyOf(early, terminalId).closed = { exitCode, reason }
    }),
  ]

  function isOpen(terminalId: string): boolean {
    return state.value.kind === 'open' && state.value.terminalId === terminalId
  }

  function show(terminalId: string, base64: string): void {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    if (bytes.length === 0) return
    screen.write(bytes, () => {
      if (!isOpen(terminalId)) return
      shownBytes += bytes.length
      void tellShown(terminalId)
    })
  }

  /** One call at a time says how much was shown since the last. */
  async function tellShown(terminalId: string): Promise<void> {
    if (telling) return
    telling = true
    while (shownBytes > 0 && isOpen(terminalId)) {
      const bytes = shownBytes
      shownBytes = 0
      // A terminal that is gone says so by its own event.
      await client.call('terminalShown', { terminalId, bytes }).catch(() => undefined)
    }
    telling = false
  }

  async function open(size: TerminalSize): Promise<void> {
    if (state.value.kind === 'opening' || state.value.kind === 'open') return
    const mine = ++opening
    state.value = { kind: 'opening' }
    early = new Map()
    wanted = null
    shownBytes = 0
    try {
      const { terminalId } = await connection.asking(() =>
        client.call('openTerminal', { lab: lab(), host: host(), ...size }),
      )
      if (mine !== opening) {
        void client.call('closeTerminal', { terminalId }).catch(() => undefined)
        return
      }
      const before = early.get(terminalId)
      early = null
      state.value = { kind: 'open', terminalId }
      for (const base64 of before?.outputs ?? []) show(terminalId, base64)
      if (before?.closed) state.value = { kind: 'closed', ...before.closed }
      else if (wanted) resize(wanted)
    } catch (thrown) {
      if (mine !== opening) return
      early = null
      state.value = { kind: 'failed', error: toErrorBody(thrown) }
    }
  }

  function input(text: string): void {
    const now = state.value
    if (now.kind !== 'open') return
    for (let from = 0; from < text.length; from += longestInput) {
      const piece = text.slice(from, from + longestInput)
      void client
        .call('terminalInput', { terminalId: now.terminalId, text: piece })
        .catch((thrown: unknown) => lost(now.terminalId, thrown))
    }
  }

  function resize(size: TerminalSize): void {
    const now = state.value
    if (now.kind === 'opening') wanted = size
    if (now.kind !== 'open') return
    const { columns, rows } = size
    void client
      .call('resizeTerminal', { terminalId: now.terminalId, columns, rows })
      .catch((thrown: unknown) => lost(now.terminalId, thrown))
  }

  function lost(terminalId: string, thrown: unknown): void {
    if (isOpen(terminalId))
      state.value = { kind: 'closed', reason: toErrorBody(thrown).message, exitCode: null }
  }

  function close(): void {
    const now = state.value
    opening++
    early = null
    state.value = { kind: 'closed', reason: '', exitCode: null }
    if (now.kind === 'open')
      void client.call('closeTerminal', { terminalId: now.terminalId }).catch(() => undefined)
  }

  onScopeDispose(() => {
    close()
    for (const stop of unsubscribe) stop()
  })

  return { state, open, input, resize, close }
}

function earlyOf(early: Map<string, Early>, terminalId: string): Early {
  const found = early.get(terminalId) ?? { outputs: [], closed: null }
  early.set(terminalId, found)
  return found
}
