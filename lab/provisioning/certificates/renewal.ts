import { X509Certificate } from 'node:crypto'
import { addDays, authorityLeftDays, renewalShare } from './periods'

/**
 * Why a host must get another certificate, or null when the one that it has will do.
 * @param pem what lies on the host; null = nothing
 * @param authority certificate of the lab's authority, PEM
 */
export function renewalReason(pem: string | null, host: string, authority: string, now: Date): string | null {
  if (pem === null) return 'it has none'
  const certificate = parse(pem)
  if (certificate === null) return 'what is there is no certificate'
  const issuer = new X509Certificate(authority)
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    return 'it comes from another authority'
  }
  if (certificate.checkHost(host, { subject: 'never' }) === undefined) {
    return `it is not in the name of ${host}`
  }
  const { from, to } = periodOf(certificate)
  if (now < from) return `it is not valid before ${day(from)}`
  if (to.getTime() - now.getTime() < (to.getTime() - from.getTime()) * renewalShare) {
    return to < now ? `it ended on ${day(to)}` : `it ends on ${day(to)}`
  }
  return null
}

/** Whether an authority is to be replaced before it issues another certificate. */
export function isAuthorityWorn(pem: string, now: Date): boolean {
  const certificate = parse(pem)
  return certificate === null || periodOf(certificate).to < addDays(now, authorityLeftDays)
}

/** When a certificate ends; null when it is none. */
export function endOfCertificate(pem: string): Date | null {
  const certificate = parse(pem)
  return certificate && periodOf(certificate).to
}

function parse(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

function periodOf({ validFrom, validTo }: X509Certificate): { from: Date; to: Date } {
  return { from: new Date(validFrom), to: new Date(validTo) }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
