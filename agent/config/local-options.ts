import { resolve } from 'node:path'
import type { AgentConfig } from '#shared/contract/agent-config'
import { checkAgentConfig } from './read-config'

/** The options with which the hosts of a local lab are started. */
export interface LocalOptions {
  readonly 'host-id'?: string | undefined
  readonly control?: string | undefined
  readonly bind?: string | undefined
  readonly port?: string | undefined
  readonly 'journal-directory'?: string | undefined
  readonly 'llama-package'?: string | undefined
  readonly 'models-directory'?: string | undefined
}

/**
 * The configuration that the options of the command line stand for: plain TCP, paths as seen from the working directory.
 * @throws SkyError `invalid_argument`
 */
export function configOfOptions(role: AgentConfig['role'], options: LocalOptions): AgentConfig {
  const common = { role, hostId: options['host-id'], control: absolute(options.control), tls: null }
  const value =
    role === 'satellite'
      ? { ...common, bind: options.bind ?? '127.0.0.1', port: Number(options.port ?? 0) }
      : { ...common, journalDirectory: absolute(options['journal-directory']), llama: llamaOf(options) }
  return checkAgentConfig(value, `options of "${role}"`)
}

function llamaOf(options: LocalOptions) {
  const packageFolder = absolute(options['llama-package'])
  return packageFolder === undefined
    ? null
    : { packageFolder, modelsDirectory: absolute(options['models-directory']) }
}

function absolute(path: string | undefined): string | undefined {
  // Named pipes of Windows are no files: their path is not to be resolved.
  return path === undefined || path.startsWith('\\\\') ? path : resolve(path)
}
