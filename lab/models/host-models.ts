import { posix, resolve } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { hostModel, type HostModel, type ModelTransfer, type SentModel } from '#shared/contract/model-api'
import { glibcProblem, whatDoesNotFit, type ModelProblem } from '#shared/gguf/model-fit'
import { storedModel, type StoredModel } from '#shared/gguf/stored-model'
import type { ServiceKind } from '#shared/inventory/inventory'
import type { LabAccess } from '../inventory/lab-access'
import { requireSuccess } from '../provisioning/apply/script-failure'
import { openHostShell } from '../provisioning/open-host-shell'
import { asOwner } from '../provisioning/services/service-control'
import { modelMemoryShare } from '../provisioning/services/units'
import { findInstallation, type FoundInstallation } from '../remote/find-installation'
import type { SecretSource } from '../secrets/secret'
import type { SshSession } from '../ssh/ssh-session'
import { folderScript, listScript, lookScript, removeScript } from './host-model-scripts'
import type { ModelChecksums } from './model-checksums'
import { readModelFile, type ModelFile } from './model-file'
import { requireUsable } from './model-store'

export interface HostModelsOptions {
  readonly access: LabAccess
  readonly secrets: SecretSource
  readonly checksums: ModelChecksums
  readonly onTransfer: (transfer: ModelTransfer) => void
  readonly now?: () => number
}

/** How often the progress of a transfer is told, ms. */
const toldEveryMs = 100
/** Files are read by the account of a system unit too. */
const fileMode = 0o644

/** What a model is held against before it is run: a usual context, f16, blocks of the usual size. */
const usualUse = { kvType: 'f16', contextTokens: 2_048, batchTokens: 128 } as const

/** What a host says of itself as far as models are concerned. */
interface HostLook {
  readonly uid: string
  readonly gid: string
  readonly hasFolder: boolean
  readonly memoryBytes: number | null
  readonly glibc: string | null
}

/** The models of the hosts of labs: each lab has a folder of them, which new versions leave as it is and a removal takes away. */
export class HostModels {
  readonly #options: HostModelsOptions
  readonly #sending = new Set<string>()

  constructor(options: HostModelsOptions) {
    this.#options = options
  }

  /**
   * @param host null = the only inference host
   * @throws SkyError of reading the model, of the connection and of sending; `not_installed`; `conflict` when another model has this
   *   name there
   */
  async send(
    lab: string,
    host: string | null,
    { file, name }: { readonly file: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<SentModel> {
    const model = await readModelFile(resolve(file))
    requireUsable(model)
    const sha256 = await this.#options.checksums.sha256(model.path, { signal })
    const note: StoredModel = {
      name,
      bytes: model.bytes,
      sha256,
      addedAt: (this.#options.now ?? Date.now)(),
    }
    return this.#on(lab, host, signal, async (session, found) => {
      const key = `${lab}/${session.host}/${name}`
      if (this.#sending.has(key)) {
        throw new SkyError(
          'conflict',
          `The model ${name} is being sent to ${session.host} already`,
          'Wait for its end.',
        )
      }
      this.#sending.add(key)
      try {
        return await this.#send(lab, session, found, model, note, signal)
      } finally {
        this.#sending.delete(key)
      }
    })
  }

  /** By name. */
  list(
    lab: string,
    host: string | null,
    signal: AbortSignal,
  ): Promise<{ host: string; models: HostModel[] }> {
    return this.#on(lab, host, signal, async (session, { layout }) => ({
      host: session.host,
      models: await modelsIn(session, layout.models, signal),
    }))
  }

  /** An agent that has the model open keeps it until it ends. @throws SkyError `not_found` */
  remove(lab: string, host: string | null, name: string, signal: AbortSignal): Promise<HostModel> {
    return this.#on(lab, host, signal, async (session, { layout }) => {
      const model = (await modelsIn(session, layout.models, signal)).find((each) => each.name === name)
      if (!model) {
        throw new SkyError(
          'not_found',
          `There is no model ${name} on ${session.host}`,
          `List them: skymemory model list --lab ${lab}`,
        )
      }
      const removed = await session.script(removeScript, [layout.models, name], { signal })
      requireSuccess(removed, session.host, `to remove the model ${name}`)
      return model
    })
  }

  async #send(
    lab: string,
    session: SshSession,
    found: FoundInstallation,
    model: ModelFile,
    note: StoredModel,
    signal: AbortSignal,
  ): Promise<SentModel> {
    const { models } = found.layout
    const look = await lookAt(session, models, signal)
    if (!look.hasFolder) await this.#makeFolder(lab, session, found, look, signal)
    const present = (await modelsIn(session, models, signal)).find(({ name }) => name === note.name)
    if (present && present.sha256 !== note.sha256) {
      throw new SkyError(
        'conflict',
        `There is another model ${note.name} on ${session.host} already (SHA-256 ${present.sha256.slice(0, 12)})`,
        `Choose another name with --name, or remove it: skymemory model remove ${note.name} --lab ${lab}`,
      )
    }
    const path = posix.join(models, `${note.name}.gguf`)
    const source = { kind: 'file', file: model.path, bytes: model.bytes, sha256: note.sha256 } as const
    const onProgress = this.#teller(lab, session.host, note)
    const bytesSent = await session.upload(source, path, { mode: fileMode, signal, onProgress })
    if (!present) {
      const bytes = Buffer.from(JSON.stringify(note))
      await session.upload({ kind: 'bytes', bytes }, posix.join(models, `${note.name}.json`), {
        mode: fileMode,
        signal,
      })
    }
    return {
      host: session.host,
      path,
      bytes: model.bytes,
      bytesSent,
      sha256: note.sha256,
      problems: problemsOn(look, model, found.installation.service),
    }
  }

  async #makeFolder(
    lab: string,
    session: SshSession,
    { layout, installation: { service } }: FoundInstallation,
    { uid, gid }: HostLook,
    signal: AbortSignal,
  ): Promise<void> {
    const shell = await openHostShell(session, lab, this.#options.secrets)
    const owner = service === 'system' ? [uid, gid] : ['', '']
    const made = await asOwner(shell, service, folderScript, [layout.models, ...owner], { signal })
    requireSuccess(made, session.host, 'to make the folder of the models')
  }

  /** Tells how far a file is, now and then, and at its end. */
  #teller(lab: string, host: string, { name, bytes }: StoredModel): (bytesDone: number) => void {
    let toldAt = -Infinity
    return (bytesDone) => {
      const now = performance.now()
      if (now - toldAt < toldEveryMs && bytesDone < bytes) return
      toldAt = now
      this.#options.onTransfer({ lab, host, name, bytesDone, bytes })
    }
  }

  async #on<T>(
    lab: string,
    host: string | null,
    signal: AbortSignal,
    work: (session: SshSession, found: FoundInstallation) => Promise<T>,
  ): Promise<T> {
    const { access } = this.#options
    const chosen = host ?? (await onlyInferenceHost(access, lab))
    const session = await access.connector(lab).connect(chosen, signal)
    try {
      const found = await findInstallation(session, lab)
      if (found) return await work(session, found)
      throw new SkyError(
        'not_installed',
        `Nothing of the lab ${lab} is installed on ${chosen}`,
        `Deploy it first: skymemory lab apply ${lab}`,
        { host: chosen },
      )
    } finally {
      session.close()
    }
  }
}

/** @throws SkyError `not_found` for no lab of this name, `invalid_argument` when it has several inference hosts */
async function onlyInferenceHost(access: LabAccess, lab: string): Promise<string> {
  const { hosts } = await access.inventory(lab)
  const names = hosts.filter(({ role }) => role === 'inference').map(({ name }) => name)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw new SkyError(
    'invalid_argument',
    names.length === 0
      ? `The lab ${lab} has no inference host`
      : `The lab ${lab} has several inference hosts: ${names.join(', ')}`,
    names.length === 0 ? 'Models are run by inference hosts.' : 'Name one with --host.',
  )
}

async function lookAt(session: SshSession, folder: string, signal: AbortSignal): Promise<HostLook> {
  const { stdout } = await session.script(lookScript, [folder], { signal })
  const lineOf = (name: string): string[] =>
    stdout
      .split('\n')
      .map((line) => line.split(' '))
      .find(([first]) => first === name)
      ?.slice(1) ?? []
  const [uid = '', gid = ''] = lineOf('ids')
  const [kilobytes] = lineOf('memory')
  const [glibc] = lineOf('glibc')
  return {
    uid,
    gid,
    hasFolder: lineOf('folder').length > 0,
    memoryBytes: kilobytes === undefined ? null : Number(kilobytes) * 1024,
    glibc: glibc ?? null,
  }
}

/**
 * Held against the memory that the agent may have of the whole machine: what else runs there may end before the model is loaded.
 */
function problemsOn(
  { memoryBytes, glibc }: HostLook,
  { bytes, shape }: ModelFile,
  service: ServiceKind,
): ModelProblem[] {
  // Units have a limit.
  const share = service === 'detached' ? 1 : modelMemoryShare
  const freeMemoryBytes = memoryBytes && share * memoryBytes
  const library = glibcProblem(glibc)
  const contextTokens = Math.min(usualUse.contextTokens, shape.trainContextTokens || Infinity)
  const circumstances = { ...usualUse, contextTokens, fileBytes: bytes, freeMemoryBytes }
  return [...(library ? [library] : []), ...whatDoesNotFit(shape, circumstances)]
}

/** Notes that somebody else has put there are left out. */
async function modelsIn(session: SshSession, folder: string, signal: AbortSignal): Promise<HostModel[]> {
  const { stdout } = await session.script(listScript, [folder], { signal })
  const models: HostModel[] = []
  for (const line of stdout.split('\n')) {
    const [, bytes, text] = /^ *(\d+) (.*)$/.exec(line) ?? []
    const note = storedModel.safeParse(parsed(text ?? '')).data
    if (note === undefined) continue
    const path = posix.join(folder, `${note.name}.gguf`)
    models.push(hostModel.parse({ ...note, path, foundBytes: Number(bytes) }))
  }
  return models.sort((one, other) => (one.name < other.name ? -1 : 1))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
