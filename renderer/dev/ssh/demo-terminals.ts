import { SkyError } from '#shared/contract/errors'
import type { Emit } from '../demo-client'

/** Bytes that a host may send before they were shown. */
const windowBytes = 65_536

interface Terminal {
  readonly host: string
  readonly user: string
  line: string
  /** Output that waits until earlier output was shown. */
  waiting: Uint8Array
  unshown: number
}

/** Shells of made-up hosts: they echo, and know a few words. */
export class DemoTerminals {
  readonly #open = new Map<string, Terminal>()
  readonly #emit: Emit
  #lastId = 0

  constructor(emit: Emit) {
    this.#emit = emit
  }

  open(host: string, user: string): string {
    const terminalId = `t${++this.#lastId}`
    const nothing = new Uint8Array()
    this.#open.set(terminalId, { host, user, line: '', waiting: nothing, unshown: 0 })
    this.#write(terminalId, `Linux ${host} 6.1.0-28-amd64 #1 SMP Debian 6.1.119-1 x86_64\r\n\r\n`)
    this.#prompt(terminalId)
    return terminalId
  }

  input(terminalId: string, text: string): void {
    const terminal = this.#get(terminalId)
    for (const character of text) {
      if (character === '\r') {
        const command = terminal.line.trim()
        terminal.line = ''
        this.#write(terminalId, '\r\n')
        this.#run(terminalId, command)
      } else if (character === '\u007f') {
        if (terminal.line === '') continue
        terminal.line = terminal.line.slice(0, -1)
        this.#write(terminalId, '\b \b')
      } else if (character >= ' ') {
        terminal.line += character
        this.#write(terminalId, character)
      }
    }
  }

  shown(terminalId: string, bytes: number): void {
    const terminal = this.#get(terminalId)
    terminal.unshown = Math.max(0, terminal.unshown - bytes)
    this.#flush(terminalId, terminal)
  }

  resize(terminalId: string): void {
    this.#get(terminalId)
  }

  close(terminalId: string, exitCode: number | null, reason: string): void {
    if (!this.#open.delete(terminalId)) return
    this.#emit('terminalClosed', { terminalId, exitCode, reason })
  }

  /** The connection to a host is lost, and with it its terminals. */
  lose(host: string, reason: string): void {
    for (const [id, terminal] of this.#open) if (terminal.host === host) this.close(id, null, reason)
  }

  #run(terminalId: string, command: string): void {
    if (command === 'exit') return this.close(terminalId, 0, 'the shell ended')
    if (command === 'colours') {
      const cells = Array.from({ length: 16 }, (_, i) => `\u001b[48;5;${i}m   `).join('')
      this.#write(
        terminalId,
        `${cells}\u001b[0m\r\n\u001b[38;2;120;180;255mtrue colour\u001b[0m \u001b[1mbold\u001b[0m \u001b[4munderlined\u001b[0m\r\n`,
      )
    } else if (command === 'flood') {
      this.#write(
        terminalId,
        Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(60)}\r\n`).join(''),
      )
    } else if (command !== '') {
      this.#write(
        terminalId,
        `sh: ${command}: not found (this host is made up: try colours, flood, exit)\r\n`,
      )
    }
    this.#prompt(terminalId)
  }

  #prompt(terminalId: string): void {
    const { host, user } = this.#get(terminalId)
    this.#write(terminalId, `\u001b[1;32m${user}@${host}\u001b[0m:\u001b[1;34m~\u001b[0m$ `)
  }

  #write(terminalId: string, text: string): void {
    const terminal = this.#get(terminalId)
    const added = new TextEncoder().encode(text)
    const all = new Uint8Array(terminal.waiting.length + added.length)
    all.set(terminal.waiting)
    all.set(added, terminal.waiting.length)
    terminal.waiting = all
    this.#flush(terminalId, terminal)
  }

  #flush(terminalId: string, terminal: Terminal): void {
    const bytes = terminal.waiting.slice(0, Math.max(0, windowBytes - terminal.unshown))
    if (bytes.length === 0) return
    terminal.waiting = terminal.waiting.slice(bytes.length)
    terminal.unshown += bytes.length
    const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    this.#emit('terminalOutput', { terminalId, base64 })
  }

  #get(terminalId: string): Terminal {
    const found = this.#open.get(terminalId)
    if (!found) throw new SkyError('not_found', `There is no terminal ${terminalId}.`)
    return found
  }
}
