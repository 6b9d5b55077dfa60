import { choice, integer, real, simulated } from './parameter-kinds'

/** Real orbits over a ground station; `shared/constellation/orbits` says what they mean. */
export const orbitParameters = {
  orbits: simulated(
    choice(
      'constellation',
      'Orbits',
      ['torus', 'walker', 'tle'],
      'torus',
      "torus: the paper's model, turned by rotations. walker: real circular orbits. tle: real satellites by SGP4. Walker and tle pass over a ground station, and the placement follows the satellite overhead.",
    ),
  ),
  inclination_deg: simulated(
    real(
      'constellation',
      'Inclination',
      [0, 180],
      '°',
      53,
      'Inclination of the orbits (walker), or of the satellites that are taken from the file (tle).',
    ),
  ),
  walker_pattern: simulated(
    choice(
      'constellation',
      'Walker pattern',
      ['delta', 'star'],
      'delta',
      'delta: planes all around the equator. star: planes over half of it, with a seam without links.',
    ),
  ),
  phasing: simulated(
    integer(
      'constellation',
      'Walker phasing',
      [0, 65_533],
      '',
      0,
      'Phasing factor F of the Walker constellation: below the number of planes.',
    ),
  ),
  node_spread_deg: simulated(
    real(
      'constellation',
      'Node spread',
      [0, 360],
      '°',
      0,
      'Degrees of the equator over which the ascending nodes of the Walker planes spread. 0 = as of the pattern: 360 of a delta, 180 of a star.',
    ),
  ),
  tle_file: simulated({
    kind: 'text',
    group: 'constellation',
    label: 'TLE file',
    default: 'none',
    help: 'Path of a file of two-line element sets, for orbits tle.',
  }),
  tle_start: simulated({
    kind: 'text',
    group: 'constellation',
    label: 'TLE start',
    default: 'latest',
    help: 'Moment at which a trial begins, ISO 8601 with a time zone; latest: the time of the newest element set.',
  }),
  ground_lat_deg: simulated(
    real(
      'constellation',
      'Ground latitude',
      [-90, 90],
      '°',
      40,
      'Latitude of the ground station, north positive.',
    ),
  ),
  ground_lon_deg: simulated(
    real(
      'constellation',
      'Ground longitude',
      [-180, 180],
      '°',
      -105,
      'Longitude of the ground station, east positive.',
    ),
  ),
  ground_altitude_m: simulated(
    real('constellation', 'Ground altitude', [-500, 9_000], 'm', 0, 'Altitude of the ground station.'),
  ),
  min_elevation_deg: simulated(
    real(
      'constellation',
      'Minimum elevation',
      [0, 89],
      '°',
      25,
      'Satellites lower over the horizon are out of sight of the ground station.',
    ),
  ),
  handover: simulated(
    choice(
      'constellation',
      'Hand-over',
      ['highest', 'hold'],
      'highest',
      'highest: the centre is always the highest satellite. hold: it stays until it is out of sight.',
    ),
  ),
  pass: simulated(
    choice(
      'constellation',
      'Pass',
      ['any', 'ascending', 'descending'],
      'any',
      'Which satellites may become the centre: those on any half of their orbit, or on one of them.',
    ),
  ),
  sky_step_s: simulated(
    real(
      'constellation',
      'Sky step',
      [0.1, 60],
      's',
      1,
      'Time between two looks at the sky from the ground station.',
    ),
  ),
} as const
