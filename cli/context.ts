import type { Installation } from './environment'
import type { Terminal } from './output/terminal'

/** What every command gets beside its own arguments. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly installation: Installation
  /** The data directory. */
  readonly data: string
  /** Secrets of hosts that the environment held, by the names of its variables. */
  readonly secrets: ReadonlyMap<string, string>
  /** Exit code of a failure; 1 unless a command knows better. */
  exitCode: number
}
