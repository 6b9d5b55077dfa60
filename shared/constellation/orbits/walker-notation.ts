import { SkyError } from '../../contract/errors'

export interface WalkerNotation {
  readonly inclinationDeg: number
  readonly slots: number
  readonly planes: number
  readonly phasing: number
}

/**
 * Reads Walker's notation i:T/P/F: inclination in degrees, satellites in all, planes, phasing.
 * @throws SkyError invalid_argument: other text, or satellites that do not fill the planes evenly
 */
export function parseWalkerNotation(text: string): WalkerNotation {
  const found = /^(\d+(?:\.\d+)?):(\d+)\/(\d+)\/(\d+)$/.exec(text.trim())
  const [inclinationDeg, total, planes, phasing] = (found?.slice(1) ?? []).map(Number) as [
    number,
    number,
    number,
    number,
  ]
  const hint = 'Write i:T/P/F, such as 53:1584/72/65: 1584 satellites at 53° in 72 planes, phasing 65.'
  if (!found)
    throw new SkyError('invalid_argument', `"${text}" is not the notation of a Walker constellation`, hint)
  if (planes === 0 || total === 0 || total % planes !== 0) {
    const message = `${total} satellites do not fill ${planes} planes evenly`
    throw new SkyError('invalid_argument', message, hint)
  }
  return { inclinationDeg, slots: total / planes, planes, phasing }
}
