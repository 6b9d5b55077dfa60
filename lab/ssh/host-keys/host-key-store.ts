import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { writeFileAtomically } from '../../atomic-file'
import { storageError } from '../../store/storage-errors'

/** Which SSH server it is. Behind a jump host, the same address may be another machine. */
export interface ServerPlace {
  readonly address: string
  readonly port: number
  /** Address and port of the jump hosts on the way to it; empty = reached directly. */
  readonly through: string
}

const acceptedKey = z.object({
  address: z.string(),
  port: z.int(),
  through: z.string(),
  /** Base64 of SSH's wire format. */
  key: z.string(),
  /** Unix ms. */
  acceptedAt: z.number(),
})
export type AcceptedKey = z.infer<typeof acceptedKey>

const content = z.object({ version: z.literal(1), keys: z.array(acceptedKey) })

/** The host keys that users of this console have accepted: one file in the data directory, which programs of the user share. */
export class HostKeyStore {
  readonly file: string
  /** Changes of this process happen one after another. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(file: string) {
    this.file = file
  }

  /** @throws SkyError `storage_corrupt`: a file that cannot be read must not make every key unknown, or accepted */
  async all(): Promise<AcceptedKey[]> {
    let text: string
    try {
      text = await readFile(this.file, 'utf8')
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw storageError(thrown, this.file, 'storage_unwritable')
    }
    try {
      return content.parse(JSON.parse(text)).keys
    } catch {
      throw new SkyError(
        'storage_corrupt',
        `The file of accepted host keys is damaged: ${this.file}`,
        'Move it away (keep it): the keys of all hosts are asked for again.',
        { path: this.file },
      )
    }
  }

  async of(place: ServerPlace): Promise<AcceptedKey[]> {
    return (await this.all()).filter((each) => samePlace(each, place))
  }

  async add(key: AcceptedKey): Promise<void> {
    await this.#change((keys) => [
      ...keys.filter((each) => !samePlace(each, key) || each.key !== key.key),
      key,
    ])
  }

  /** @returns whether there was one */
  async forget(place: ServerPlace): Promise<boolean> {
    let found = false
    await this.#change((keys) => {
      const kept = keys.filter((each) => !samePlace(each, place))
      found = kept.length < keys.length
      return kept
    })
    return found
  }

  #change(change: (keys: AcceptedKey[]) => AcceptedKey[]): Promise<void> {
    const result = this.#turn.then(async () => {
      const keys = change(await this.all())
      await writeFileAtomically(this.file, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, 0o600)
    })
    this.#turn = result.catch(() => undefined)
    return result
  }
}

function samePlace(a: ServerPlace, b: ServerPlace): boolean {
  return a.address.toLowerCase() === b.address.toLowerCase() && a.port === b.port && a.through === b.through
}
