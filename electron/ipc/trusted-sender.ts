import { appOrigin } from '../security/content-policy'

/** The part of a frame that tells who asks. */
export interface SenderFrame {
  readonly url: string
  readonly parent: unknown
}

/** True for the main frame of the app's own page: the only one that may ask the main process for anything. */
export function isTrustedSender(frame: SenderFrame | null): boolean {
  if (frame === null || frame.parent !== null) return false
  try {
    const { protocol, host } = new URL(frame.url)
    return `${protocol}//${host}` === appOrigin
  } catch {
    return false
  }
}
