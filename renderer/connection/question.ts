import type { z } from 'zod'
import type { ErrorBody } from '#shared/contract/errors'
import {
  changedHostKey,
  neededSecret,
  unknownHostKey,
  type NeededSecret,
  type SecretKind,
} from '#shared/contract/inventory-api'

export type UnknownHostKey = z.infer<typeof unknownHostKey>
export type ChangedHostKey = z.infer<typeof changedHostKey>

/** What a connection asks of the user before it can be made. */
export type Question =
  | { readonly kind: 'unknown_key'; readonly key: UnknownHostKey }
  | { readonly kind: 'changed_key'; readonly key: ChangedHostKey }
  | { readonly kind: 'secret'; readonly needed: NeededSecret }

/** The question that an error stands for; null when it is none, or does not say enough to ask. */
export function questionOf(error: ErrorBody): Question | null {
  switch (error.code) {
    case 'host_key_unknown': {
      const key = unknownHostKey.safeParse(error.details)
      return key.success ? { kind: 'unknown_key', key: key.data } : null
    }
    case 'host_key_changed': {
      const key = changedHostKey.safeParse(error.details)
      return key.success ? { kind: 'changed_key', key: key.data } : null
    }
    case 'secret_needed': {
      const needed = neededSecret.safeParse(error.details)
      return needed.success ? { kind: 'secret', needed: needed.data } : null
    }
    default:
      return null
  }
}

/** Equal for questions that one answer settles. */
export function questionId(question: Question): string {
  switch (question.kind) {
    case 'unknown_key':
    case 'changed_key': {
      const { lab, target, fingerprint } = question.key
      return JSON.stringify([question.kind, lab, target, fingerprint])
    }
    case 'secret': {
      const { lab, target, secret, keyFile, wasWrong } = question.needed
      return JSON.stringify([question.kind, lab, target, secret, keyFile, wasWrong])
    }
  }
}

/** What has to be typed, for a label. */
export function secretLabel(secret: SecretKind): string {
  switch (secret) {
    case 'password':
      return 'Password'
    case 'passphrase':
      return 'Passphrase'
    case 'sudo':
      return 'Password for sudo'
    case 'answers':
      return 'Answers'
  }
}
