import type { Link } from '../routing'
import type { Torus } from '../torus'

/**
 * The links over the seam of a star, between its last plane and its first, where satellites meet head-on. Two planes
 * have one link between them, which is none over a seam.
 */
export function seamLinks(torus: Torus): Link[] {
  if (torus.planes < 3) return []
  return Array.from({ length: torus.slots }, (_, slot) => ({
    slot,
    plane: torus.planes - 1,
    direction: 'plane' as const,
  }))
}
