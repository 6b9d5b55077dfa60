import type { Duplex } from 'node:stream'
import { Client, type AnyAuthMethod, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import type { HostKeyCheck } from '../host-keys/host-key-check'
import { authenticationLimitMs, handshakeLimitMs, keepaliveIntervalMs, keepaliveMisses } from '../limits'
import type { Login } from '../login/login'
import { cancelled } from './dial'
import { hopDetails, hopText, type Hop } from './hop'

export interface HopConnection {
  readonly client: Client
  /** Such as `OpenSSH_9.2p1`. */
  readonly serverVersion: string
}

/** Keys are asked for in this order where none is known, as OpenSSH does. Signatures with SHA-1 are never accepted. */
const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** The server's last word, RFC 4253 section 11.1: what ssh2 makes of it has the reason as its code. */
type ClientError = Error & { level?: string; code?: number | string }

/**
 * Speak SSH over a stream that leads to a server: verify its host key, log in. The stream is destroyed when that fails.
 * @throws SkyError `host_key_unknown`, `host_key_changed`, `secret_needed`, `authentication_failed`, `timeout`, `cancelled`,
 * `unreachable` (no SSH server, or nothing in common with it)
 */
export async function connectHop(
  stream: Duplex,
  hop: Hop,
  hostKeys: HostKeyCheck,
  login: Login,
  signal?: AbortSignal,
): Promise<HopConnection> {
  const client = new Client()
  try {
    const known = await hostKeys.knownAlgorithms(hop)
    await new Conversation(client, hop, hostKeys, login).until(stream, known, signal)
  } catch (thrown) {
    client.on('error', () => undefined)
    stream.on('error', () => undefined)
    client.end()
    stream.destroy()
    throw thrown
  }
  const { _remoteVer } = client as unknown as { _remoteVer?: string }
  return { client, serverVersion: quotedLine(_remoteVer ?? '') }
}

/** One connection on its way from the first byte to a login. */
class Conversation {
  readonly #client: Client
  readonly #hop: Hop
  readonly #hostKeys: HostKeyCheck
  readonly #login: Login
  #fail: (error: SkyError) => void = () => undefined
  #phase: 'handshake' | 'login' = 'handshake'
  #acceptedKey: Buffer | null = null

  constructor(client: Client, hop: Hop, hostKeys: HostKeyCheck, login: Login) {
    this.#client = client
    this.#hop = hop
    this.#hostKeys = hostKeys
    this.#login = login
  }

  async until(stream: Duplex, known: readonly ServerHostKeyAlgorithm[], signal?: AbortSignal): Promise<void> {
    const client = this.#client
    let timer: NodeJS.Timeout | undefined
    const limit = (limitMs: number, what: string): void => {
      clearTimeout(timer)
      timer = setTimeout(() => this.#fail(this.#late(limitMs, what)), limitMs)
    }
    const cancel = (): void => this.#fail(cancelled(this.#hop))
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject
        if (signal?.aborted) return cancel()
        signal?.addEventListener('abort', cancel, { once: true })
        limit(handshakeLimitMs, 'exchange keys')
        client.on('handshake', () => {
          if (this.#phase === 'login') return
          this.#phase = 'login'
          limit(authenticationLimitMs, 'let the user in')
        })
        client.on('ready', resolve)
        client.on('error', (error: ClientError) => this.#onError(error))
        client.on('close', () => this.#onError(new Error('the server closed the connection')))
        client.connect(
          this.#config(stream, [...known, ...hostKeyAlgorithms.filter((each) => !known.includes(each))]),
        )
      })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      client.removeAllListeners()
    }
  }

  #config(stream: Duplex, serverHostKey: ServerHostKeyAlgorithm[]): ConnectConfig {
    return {
      sock: stream,
      username: this.#hop.target.user,
      hostVerifier: (key: Buffer, verify: (permitted: boolean) => void) => {
        this.#verify(key).then(verify, (thrown: unknown) => {
          this.#fail(asSkyError(thrown))
          verify(false)
        })
      },
      authHandler: (offered, partial, next) => {
        this.#nextMethod(offered as string[] | null, partial).then(
          // ssh2 ends the login with `false`, which its types do not know.
          (method) => next((method ?? false) as AnyAuthMethod),
          (thrown: unknown) => {
            this.#fail(asSkyError(thrown))
            next(false as unknown as AnyAuthMethod)
          },
        )
      },
      algorithms: { serverHostKey },
      // Limits are kept here, for each phase its own.
      readyTimeout: 0,
      keepaliveInterval: keepaliveIntervalMs,
      keepaliveCountMax: keepaliveMisses,
      // Forwarding of Unix sockets is not OpenSSH's alone any more.
      strictVendor: false,
    }
  }

  /** Called again whenever keys are exchanged anew: the key must stay the same. */
  async #verify(key: Buffer): Promise<boolean> {
    if (this.#acceptedKey !== null) return this.#acceptedKey.equals(key)
    await this.#hostKeys.check(this.#hop, key)
    this.#acceptedKey = Buffer.from(key)
    return true
  }

  /** @param offered null = the server was not asked yet: it tells when nothing is tried */
  async #nextMethod(offered: string[] | null, partial: boolean): Promise<AnyAuthMethod | null> {
    if (offered === null) return { type: 'none', username: this.#hop.target.user }
    return this.#login.next(offered, partial, (error) => this.#fail(error))
  }

  #onError(error: ClientError): void {
    if (this.#phase === 'login') {
      // An agent that cannot sign with one key may still have another one.
      if (error.level === 'agent') return
      const saidByServer = typeof error.code === 'number'
      const noMethodLeft = error.level === 'client-authentication'
      if (noMethodLeft) return this.#fail(this.#login.failure(null))
      if (saidByServer || error.level === undefined)
        return this.#fail(this.#login.failure(quotedLine(error.message)))
    }
    const reason = quotedLine(error.message)
    this.#fail(
      new SkyError(
        'unreachable',
        `${hopText(this.#hop)} is reached, but SSH does not come about: ${reason}`,
        'Look whether an OpenSSH server of version 7.2 or later answers on this port, and into its log.',
        { ...hopDetails(this.#hop), reason },
      ),
    )
  }

  #late(limitMs: number, what: string): SkyError {
    return new SkyError(
      'timeout',
      `${hopText(this.#hop)} accepted the connection but did not ${what} within ${limitMs / 1_000} s`,
      'Look at the load of the host and into the log of its SSH server, then try again.',
      { ...hopDetails(this.#hop), limitMs },
    )
  }
}

function asSkyError(thrown: unknown): SkyError {
  if (thrown instanceof SkyError) return thrown
  const { code, message, hint, details } = toErrorBody(thrown)
  return new SkyError(code, message, hint, details)
}
