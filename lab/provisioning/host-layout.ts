import { posix } from 'node:path'
import { z } from 'zod'
import { hostName, labName, serviceKinds, type ServiceKind } from '#shared/inventory/inventory'

/**
 * Where everything of one lab lies on one host: all of it in one folder, so that it can be taken away again.
 *
 *   <directory>/
 *     current -> versions/<version>      switched atomically: what runs is this
 *     versions/<version>/                skymemory-agent.mjs, config.json, service.unit, node -> the runtime; where models are run
 *                                        skymemory-model.mjs, llama -> the package
 *     runtimes/<name>/bin/node
 *     llama/<name>/                      the package @skymemory/llama, named by its content
 *     tls -> certificates/<id>           ca.pem, certificate.pem, key.pem (0600)
 *     models/                            <name>.gguf, and <name>.json that says what it is; no version takes them away
 *     journals/                          records that the console does not have yet
 *     log/agent.log                      of a detached service; systemd keeps the log of a unit itself
 *     run/control.sock, run/supervisor.pid
 *     staging/                           what is on its way, parts of uploads that broke off
 *     install.json                       what was started last and was well (`installation`)
 *     made-folders                       folders above this one that were made for it, and go with it
 *     stopped-by                         when the agent was last stopped, restarted or removed, by whom, and which of it
 *     console.lock                       held by the console that uses the lab
 */
export interface HostLayout {
  readonly directory: string
  readonly current: string
  readonly entry: string
  readonly config: string
  /** The Node that runs the agent. */
  readonly node: string
  readonly versions: string
  readonly runtimes: string
  /** The package that runs models: of the current version, and all that are there. */
  readonly llama: string
  readonly llamaPackages: string
  readonly tls: string
  readonly models: string
  readonly journals: string
  readonly log: string
  readonly run: string
  readonly staging: string
  readonly controlSocket: string
  readonly installation: string
  readonly consoleLock: string
}

export { longestSocketPath } from '#shared/contract/agent-config'

/**
 * @param service a system unit runs from /opt; the others from the user's home
 * @param home home directory of the user who logs in
 */
export function hostLayout(service: ServiceKind, lab: string, home: string): HostLayout {
  const directory =
    service === 'system' ? posix.join('/opt/skymemory', lab) : posix.join(home, '.local/share/skymemory', lab)
  const current = posix.join(directory, 'current')
  const run = posix.join(directory, 'run')
  return {
    directory,
    current,
    entry: posix.join(current, 'skymemory-agent.mjs'),
    config: posix.join(current, 'config.json'),
    node: posix.join(current, 'node'),
    versions: posix.join(directory, 'versions'),
    runtimes: posix.join(directory, 'runtimes'),
    llama: posix.join(current, 'llama'),
    llamaPackages: posix.join(directory, 'llama'),
    tls: posix.join(directory, 'tls'),
    models: posix.join(directory, 'models'),
    journals: posix.join(directory, 'journals'),
    log: posix.join(directory, 'log', 'agent.log'),
    run,
    staging: posix.join(directory, 'staging'),
    controlSocket: posix.join(run, 'control.sock'),
    installation: posix.join(directory, 'install.json'),
    consoleLock: posix.join(directory, 'console.lock'),
  }
}

/** What `install.json` says. */
export const installation = z.object({
  lab: labName,
  host: hostName,
  /** Names the content of the version folder: agent, runtime and configuration. */
  version: z.string(),
  previousVersion: z.string().nullable(),
  /** Version of the agent program, as its `hello` says. */
  agentVersion: z.string(),
  nodeVersion: z.string(),
  service: z.enum(serviceKinds),
  /** Names the folder of the certificate that the agent was started with. */
  certificate: z.string(),
  installedAt: z.number(),
})
export type Installation = z.infer<typeof installation>
