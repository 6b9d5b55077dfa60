import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import type { TcpSocketConnectOpts } from 'node:net'
import {
  connect,
  createSecureContext,
  createServer,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import type { AgentConfig } from '#shared/contract/agent-config'
import { SkyError } from '#shared/contract/errors'
import { readInto, type Wire } from './wire'

type TlsFiles = NonNullable<AgentConfig['tls']>

/** A caller that has not finished its handshake within this time is turned away, ms. */
const handshakeLimitMs = 5_000
/** A machine that lost its power or its cable says nothing: after so long it counts as lost, ms. */
const silenceLimitMs = 5_000

/** A certificate that belongs to this host, with the lab's authority. */
export interface TlsIdentity {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/**
 * @param hostId whom the certificate must name
 * @throws SkyError `unauthorised`: names the file that cannot be read or does not fit
 */
export function readTlsIdentity(files: TlsFiles, hostId: string): TlsIdentity {
  const identity = {
    authority: readPem(files.authority),
    certificate: readPem(files.certificate),
    key: readPem(files.key),
  }
  const names = attempt(files.certificate, () => namesOf(new X509Certificate(identity.certificate)))
  if (!names.includes(hostId)) {
    throw badFile(
      files.certificate,
      `it is the certificate of ${names.join(', ') || 'nobody'}, not of ${hostId}`,
    )
  }
  attempt(files.authority, () => new X509Certificate(identity.authority))
  attempt(files.key, () => createSecureContext(contextOf(identity)))
  return identity
}

/**
 * Mutual TLS 1.3: both sides show a certificate of the lab's own authority, no other authority counts, and the host that it
 * names must be the one that is dialled, or that the caller says it is.
 */
export function tlsWire(identity: TlsIdentity): Wire {
  const options = contextOf(identity)
  return {
    silenceLimitMs,
    serve: (onConnection, onRefused) => {
      // Who shows no certificate that counts is turned away here, and not by Node, so that the log can say who it was.
      const asking = { requestCert: true, rejectUnauthorized: false, handshakeTimeout: handshakeLimitMs }
      const server = createServer({ ...options, ...asking })
      const refuse = (socket: TLSSocket, reason: string): void => {
        onRefused(socket.remoteAddress ?? 'unknown', reason)
        socket.destroy()
      }
      server.on('secureConnection', (socket) => {
        if (socket.authorized) return onConnection(socket, namesOfPeer(socket.getPeerCertificate()))
        refuse(socket, `its certificate is refused (${String(socket.authorizationError)})`)
      })
      server.on('tlsClientError', (error: Error & { code?: string; reason?: string }, socket) => {
        const why = error.reason ?? error.code ?? error.message
        refuse(socket, `no TLS 1.3 with a certificate of the lab (${why})`)
      })
      return server
    },
    dial: ({ hostId, address, port }, onBytes, onOpen) => {
      const call: ConnectionOptions & Pick<TcpSocketConnectOpts, 'onread'> = {
        ...options,
        host: address,
        port,
        servername: hostId,
        checkServerIdentity: (_name, certificate) => {
          const names = namesOfPeer(certificate)
          if (names.includes(hostId)) return undefined
          return new Error(`it shows the certificate of ${names.join(', ') || 'nobody'}`)
        },
        onread: readInto(onBytes),
      }
      return connect(call).once('secureConnect', onOpen)
    },
  }
}

function contextOf({ authority, certificate, key }: TlsIdentity): SecureContextOptions {
  // In place of the authorities that Node brings: nobody but the lab's own may vouch for a host.
  return { ca: [authority], cert: certificate, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }
}

/** Common name and DNS names of the subject: hosts are named by their ids. */
function namesOf(certificate: X509Certificate): string[] {
  const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1]
  return namesIn(commonName, certificate.subjectAltName)
}

function namesOfPeer(certificate: PeerCertificate): string[] {
  // Without a certificate Node gives an empty object.
  const { subject, subjectaltname } = certificate as Partial<PeerCertificate>
  const commonName: unknown = subject?.CN
  return namesIn(typeof commonName === 'string' ? commonName : undefined, subjectaltname)
}

function namesIn(commonName: string | undefined, alternatives = ''): string[] {
  const dns = [...alternatives.matchAll(/(?:^|, )DNS:([^,]+)/g)].map((match) => match[1] as string)
  return [...new Set([...(commonName === undefined ? [] : [commonName]), ...dns])]
}

function readPem(file: string): string {
  return attempt(file, () => readFileSync(file, 'utf8'))
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw badFile(file, thrown instanceof Error ? thrown.message : String(thrown))
  }
}

function badFile(file: string, reason: string): SkyError {
  return new SkyError(
    'unauthorised',
    `${file} cannot be used: ${reason}`,
    'Apply the lab again: it renews certificates.',
  )
}
