import { InvalidArgumentError } from 'commander'
import type { Position } from '#shared/constellation/torus'

/** A parser for whole numbers of an option. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} on.`)
  }
}

export function slotAndPlane(text: string): Position {
  const found = /^(\d+),(\d+)$/.exec(text)
  if (!found) throw new InvalidArgumentError('It must be SLOT,PLANE, such as 9,2 (both count from 0).')
  return { slot: Number(found[1]), plane: Number(found[2]) }
}
