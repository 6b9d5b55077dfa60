import { InvalidArgumentError } from 'commander'
import type { Position } from '#shared/constellation/torus'

/** A parser for whole numbers of an option. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `${min} on` : `${min} to ${max}`
    throw new InvalidArgumentError(`It must be a whole number from ${range}.`)
  }
}

export function slotAndPlane(text: string): Position {
  const found = /^(\d+),(\d+)$/.exec(text)
  if (!found) throw new InvalidArgumentError('It must be SLOT,PLANE, such as 9,2 (both count from 0).')
  return { slot: Number(found[1]), plane: Number(found[2]) }
}

const decimalNumber = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

/** A number as text; what it may be is checked by whoever uses it, who then names the option and what is allowed. */
export function anyNumber(text: string): number {
  if (decimalNumber.test(text) || /^([-+]?infinity|nan)$/i.test(text)) return numberOf(text)
  throw new InvalidArgumentError('It must be a number.')
}

function numberOf(text: string): number {
  return /infinity/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)
}
