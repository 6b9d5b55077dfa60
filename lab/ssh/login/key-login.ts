import type { AnyAuthMethod } from 'ssh2'
import type { SkyError } from '#shared/contract/errors'
import { secretNeeded, type SecretName, type SecretSource } from '../../secrets/secret'
import type { Hop } from '../connect/hop'
import type { Login } from './login'
import { readPrivateKey } from './private-key'
import { copyKeyCommand, hungUp, notOffered, refused } from './refusals'
import { userFile } from './expand-home'

/** Login by one private key. */
export class KeyLogin implements Login {
  readonly #hop: Hop
  readonly #file: string
  readonly #secrets: SecretSource
  readonly #home: string | null
  #tried = false

  constructor(hop: Hop, file: string, secrets: SecretSource, home: string | null) {
    this.#hop = hop
    this.#file = file
    this.#secrets = secrets
    this.#home = home
  }

  async next(offered: readonly string[]): Promise<AnyAuthMethod | null> {
    if (this.#tried) return null
    if (!offered.includes('publickey')) throw notOffered(this.#hop, 'key', offered)
    this.#tried = true
    const { lab, target } = this.#hop
    const name: SecretName = { lab, kind: 'passphrase', target: target.name, keyFile: this.#file }
    const passphrase = await this.#secrets.get(name)
    const path = userFile(this.#file, this.#home ?? undefined)
    const read = await readPrivateKey(this.#file, path, passphrase)
    if (read.kind === 'passphrase') {
      if (read.wasWrong) await this.#secrets.refuse(name)
      throw secretNeeded(name, read.wasWrong || this.#secrets.isWrong(name))
    }
    // ssh2 takes parsed keys too; its types want the text.
    return { type: 'publickey', username: target.user, key: read.key as unknown as string }
  }

  failure(said: string | null): SkyError {
    const { user } = this.#hop.target
    const advice = `Put the key on the host (${copyKeyCommand(this.#hop, this.#file)}), or name another one in the inventory.`
    if (said !== null) return hungUp(this.#hop, said, advice)
    return refused(this.#hop, `refuses the key ${this.#file} for ${user}`, advice, { keyFile: this.#file })
  }
}
