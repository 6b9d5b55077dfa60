import type { ParameterValues } from './parameters'

/** These parameters on a torus of this size: centre and LOS window as far as they fit. */
export function onTorus(
  parameters: ParameterValues,
  { slots, planes }: { readonly slots: number; readonly planes: number },
): ParameterValues {
  return {
    ...parameters,
    slots,
    planes,
    centre_slot: Math.min(parameters.centre_slot, slots - 1),
    centre_plane: Math.min(parameters.centre_plane, planes - 1),
    los_slots: Math.min(parameters.los_slots, slots),
    los_planes: Math.min(parameters.los_planes, planes),
  }
}
