import { z } from 'zod'

/**
 * Every parameter of an experiment: one flat list, and the only place where a parameter is defined.
 * The YAML keys, the form, the CSV columns and the documentation all follow from it. Any parameter can be a factor.
 */
export const parameterGroups = ['cache', 'constellation', 'links', 'model', 'workload'] as const
export type ParameterGroup = (typeof parameterGroups)[number]

interface Described {
  readonly group: ParameterGroup
  readonly label: string
  readonly help: string
  /** Values other than the default are refused on a lab of real hosts, which could not honour them. */
  readonly simulatedOnly?: true
}
export interface EnumParameter<V extends string = string> extends Described {
  readonly kind: 'enum'
  readonly values: readonly V[]
  readonly default: V
}
export interface NumberParameter extends Described {
  readonly kind: 'integer' | 'number'
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly default: number
}
export interface TextParameter extends Described {
  readonly kind: 'text'
  readonly default: string
}
export type Parameter = EnumParameter | NumberParameter | TextParameter

const choice = <const V extends string>(
  group: ParameterGroup,
  label: string,
  values: readonly V[],
  fallback: NoInfer<V>,
  help: string,
): EnumParameter<V> => ({ kind: 'enum', group, label, values, default: fallback, help })

const integer = (
  group: ParameterGroup,
  label: string,
  [min, max]: readonly [number, number],
  unit: string,
  fallback: number,
  help: string,
): NumberParameter => ({ kind: 'integer', group, label, min, max, unit, default: fallback, help })

const real = (
  group: ParameterGroup,
  label: string,
  [min, max]: readonly [number, number],
  unit: string,
  fallback: number,
  help: string,
): NumberParameter => ({ kind: 'number', group, label, min, max, unit, default: fallback, help })

/** A parameter that only the simulator honours. */
const simulated = <P extends Parameter>(parameter: P): P => ({
  ...parameter,
  simulatedOnly: true,
  help: `${parameter.help} Simulator only.`,
})

export const parameters = {
  cache: choice(
    'cache',
    'Cache',
    ['off', 'skymemory'],
    'skymemory',
    'off: every prompt is computed (the baseline). skymemory: KV blocks are kept in the constellation.',
  ),
  strategy: choice(
    'cache',
    'Placement strategy',
    ['rotation', 'hop', 'hop_rotation'],
    'rotation',
    'How the servers of a block are chosen around the centre. hop assumes that the model is on board of a satellite.',
  ),
  servers: integer(
    'cache',
    'Servers',
    [1, 65_535],
    '',
    9,
    'Number of satellites that share the chunks of a block.',
  ),
  block_tokens: integer('cache', 'Block length', [1, 65_536], 'tokens', 128, 'Tokens in one block.'),
  chunk_bytes: integer(
    'cache',
    'Chunk size',
    [256, 4_194_304],
    'B',
    12_288,
    'Bytes in one chunk; the last chunk of a block may be shorter.',
  ),
  satellite_bytes: integer(
    'cache',
    'Satellite memory',
    [0, 1_099_511_627_776],
    'B',
    67_108_864,
    'Bytes that one satellite may store; beyond it the least recently used chunk is evicted.',
  ),
  eviction: choice(
    'cache',
    'Eviction',
    ['gossip', 'lazy'],
    'gossip',
    'After a chunk is evicted, the rest of its block is purged by a message to its other servers (gossip) or by the reader that notices (lazy).',
  ),
  lookup: choice(
    'cache',
    'Lookup',
    ['batch', 'binary_search'],
    'batch',
    'Ask server 0 for all block hashes at once, or search the longest cached prefix as the paper does.',
  ),
  bytes_in_flight: integer(
    'cache',
    'Bytes in flight',
    [65_536, 1_073_741_824],
    'B',
    33_554_432,
    'Upper bound on the chunk bytes that the ground station has asked for, or sent, without an answer.',
  ),
  slots: integer('constellation', 'Slots', [1, 65_534], '', 19, 'Satellites in one plane.'),
  planes: integer('constellation', 'Planes', [1, 65_534], '', 5, 'Orbital planes.'),
  centre_slot: integer(
    'constellation',
    'Centre slot',
    [0, 65_533],
    '',
    9,
    'Slot of the centre at the start of a trial.',
  ),
  centre_plane: integer('constellation', 'Centre plane', [0, 65_533], '', 2, 'Plane of the centre.'),
  los_slots: integer(
    'constellation',
    'LOS slots',
    [1, 65_534],
    '',
    3,
    'Width of the line-of-sight window, in slots.',
  ),
  los_planes: integer(
    'constellation',
    'LOS planes',
    [1, 65_534],
    '',
    3,
    'Height of the line-of-sight window, in planes.',
  ),
  altitude_m: real('constellation', 'Altitude', [1, 100_000_000], 'm', 550_000, 'Altitude of the orbits.'),
  geometry: choice(
    'constellation',
    'Constants',
    ['default', 'paper'],
    'default',
    "paper: c = 2.998e8 m/s as in the authors' simulator; default: c = 299,792,458 m/s. Both: R = 6,371,000 m.",
  ),
  rotation_period_s: real(
    'constellation',
    'Rotation period',
    [0, 86_400],
    's',
    0,
    'Time between two rotations by one slot; 0 = no rotation by the clock.',
  ),
  rotation_requests: integer(
    'constellation',
    'Requests per rotation',
    [0, 1_000_000],
    '',
    0,
    'Rotate by one slot after every so many answered requests, before the next one starts; 0 = by the clock only. Makes runs repeatable record for record.',
  ),
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
  link_delay: choice(
    'links',
    'Link delay',
    ['off', 'virtual', 'real', 'simulated'],
    'off',
    'off: links are as fast as the machine. virtual: light time is added to the metrics, nothing waits. real: packets are held for their light time. simulated: packets take their light time on the clock of the simulator, which makes this of virtual and real.',
  ),
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
  engine: choice('model', 'Engine', ['synthetic'], 'synthetic', 'The engine of the inference host.'),
  kvc_bytes_per_token: integer(
    'model',
    'KVC per token',
    [1, 16_777_216],
    'B',
    22_528,
    'Bytes of KV cache of one token; 22,528 is TinyLlama-1.1B at f16.',
  ),
  prefill_tokens_per_s: real(
    'model',
    'Prefill rate',
    [0.001, 1e9],
    'tokens/s',
    2_000,
    'Rate at which the synthetic engine computes prompt tokens at position 0.',
  ),
  prefill_quadratic_s: real(
    'model',
    'Prefill quadratic term',
    [0, 1],
    's/token²',
    1e-8,
    'Extra time of a prompt token for each token before it (attention).',
  ),
  decode_tokens_per_s: real(
    'model',
    'Decode rate',
    [0.001, 1e9],
    'tokens/s',
    100,
    'Output tokens per second.',
  ),
  batch_limit: simulated(
    integer(
      'model',
      'Batch limit',
      [0, 1_000_000],
      '',
      0,
      'Requests that the host of the model works on at a time, from the start of the prefill to the last token; others wait. 0 = no limit.',
    ),
  ),
  trace: simulated({
    kind: 'text',
    group: 'workload',
    label: 'Trace',
    default: 'none',
    help: 'none: the conversations below. Else the path of a request trace, whose requests come at its own times.',
  }),
  documents: {
    kind: 'text',
    group: 'workload',
    label: 'Documents',
    default: 'sotu',
    help: 'sotu: State of the Union addresses; or the path of a folder with .txt files.',
  },
  document_count: integer(
    'workload',
    'Document count',
    [1, 100_000],
    '',
    12,
    'Documents that the sessions ask about.',
  ),
  document_tokens: integer(
    'workload',
    'Document length',
    [1, 1_000_000],
    'tokens',
    768,
    'Tokens of a document that stand at the start of its prompts.',
  ),
  sessions: integer(
    'workload',
    'Sessions',
    [1, 1_000_000],
    '',
    16,
    'Conversations; each is about one document.',
  ),
  turns: integer(
    'workload',
    'Turns',
    [1, 1_000],
    '',
    3,
    'Questions in a conversation; a prompt holds all turns before it.',
  ),
  zipf_exponent: real('workload', 'Zipf exponent', [0, 10], '', 1, 'Popularity of documents: 0 = all alike.'),
  output_tokens: integer('workload', 'Output length', [1, 100_000], 'tokens', 24, 'Tokens of an answer.'),
  concurrency: integer(
    'workload',
    'Concurrency',
    [1, 1_000],
    '',
    2,
    'Conversations that are active at a time.',
  ),
} as const satisfies Record<string, Parameter>

export type ParameterName = keyof typeof parameters
export const parameterNames = Object.keys(parameters) as ParameterName[]

type ValueOf<P> = P extends EnumParameter<infer V> ? V : P extends NumberParameter ? number : string
/** One value for every parameter: what a trial runs with. */
export type ParameterValues = { [K in ParameterName]: ValueOf<(typeof parameters)[K]> }

/** The zod schema of one parameter's value. */
export function parameterSchema(parameter: Parameter): z.ZodType<string | number> {
  switch (parameter.kind) {
    case 'enum':
      return z.enum(parameter.values)
    case 'integer':
      return z.int().min(parameter.min).max(parameter.max)
    case 'number':
      return z.number().min(parameter.min).max(parameter.max)
    case 'text':
      return z.string().min(1)
  }
}

/** The schema of a full set of values. Relations between parameters are checked by `checkRelations`. */
export const parameterValues = z.strictObject(
  Object.fromEntries(parameterNames.map((name) => [name, parameterSchema(parameters[name])])),
) as unknown as z.ZodType<ParameterValues>

export const defaultParameters = Object.fromEntries(
  parameterNames.map((name) => [name, parameters[name].default]),
) as ParameterValues
