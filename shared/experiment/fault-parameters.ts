import { real, simulated } from './parameter-kinds'

/** Links that are slow, and what fails: only in the simulator. */
export const faultParameters = {
  isl_megabits_per_s: simulated(
    real(
      'links',
      'ISL bandwidth',
      [0, 1e9],
      'Mbit/s',
      0,
      'Rate of each direction of a link between satellites; packets queue for it, first come, first served. 0 = no queueing.',
    ),
  ),
  ground_megabits_per_s: simulated(
    real(
      'links',
      'Ground bandwidth',
      [0, 1e9],
      'Mbit/s',
      0,
      'Rate of each direction of the link between the ground host and one satellite; packets queue for it. 0 = no queueing.',
    ),
  ),
  satellite_mtbf_h: simulated(
    real(
      'links',
      'Satellite MTBF',
      [0, 1e6],
      'h',
      0,
      'Mean time between failures of one satellite, exponentially distributed by the seed; 0 = satellites do not fail.',
    ),
  ),
  satellite_mttr_h: simulated(
    real('links', 'Satellite MTTR', [0.0001, 1e6], 'h', 1, 'Mean time to repair a failed satellite.'),
  ),
  link_mtbf_h: simulated(
    real(
      'links',
      'Link MTBF',
      [0, 1e6],
      'h',
      0,
      'Mean time between failures of one link between satellites; 0 = links do not fail.',
    ),
  ),
  link_mttr_h: simulated(
    real('links', 'Link MTTR', [0.0001, 1e6], 'h', 1, 'Mean time to repair a failed link.'),
  ),
  failures: simulated({
    kind: 'text',
    group: 'links',
    label: 'Failures',
    default: 'none',
    help: "none, or a list of failures besides the random ones, separated by semicolons: '600 satellite 9,2 60' (at 600 s, slot 9, plane 2, for 60 s) or '600 link 9,2 slot 60' (the link to the next slot; or plane).",
  }),
} as const
