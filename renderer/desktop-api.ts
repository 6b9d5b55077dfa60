import type { DesktopAnswer, DesktopApi } from '#shared/contract/desktop-api'
import { fromErrorBody } from '#shared/contract/errors'

export type { DesktopAnswer, DesktopApi, DesktopCommand, ThemeChoice } from '#shared/contract/desktop-api'

declare global {
  interface Window {
    readonly desktop: DesktopApi
  }
}

/** The value of an answer, or its error thrown as the SkyError that it was. */
export function unwrap<T>(answer: DesktopAnswer<T>): T {
  if (answer.ok) return answer.value
  throw fromErrorBody(answer.error)
}
