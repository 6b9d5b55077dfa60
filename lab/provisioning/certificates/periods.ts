/** A host may live in the past by so much and still accept what was just issued, days. */
export const clockSkewDays = 1
export const hostCertificateDays = 365
/** Ten years: the lab outlives its hosts' certificates many times. */
export const authorityDays = 3_650
/** An authority that would end before the certificates that it issues now is replaced. */
export const authorityLeftDays = hostCertificateDays + clockSkewDays
/** With less than this share of its time left, a host's certificate is renewed at the next apply. */
export const renewalShare = 1 / 3

const dayMs = 86_400_000

export function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * dayMs)
}
