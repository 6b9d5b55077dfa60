import { z } from 'zod'
import { faultParameters } from './fault-parameters'
import { orbitParameters } from './orbit-parameters'
import {
  choice,
  integer,
  real,
  simulated,
  type EnumParameter,
  type NumberParameter,
  type Parameter,
} from './parameter-kinds'
import { traceParameters } from './trace-parameters'

export {
  parameterGroups,
  type EnumParameter,
  type NumberParameter,
  type Parameter,
  type ParameterGroup,
  type TextParameter,
} from './parameter-kinds'

/**
 * Every parameter of an experiment: one flat list, and the only place where a parameter is defined.
 * The YAML keys, the form, the CSV columns and the documentation all follow from it. Any parameter can be a factor.
 */
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
  fetch: choice(
    'cache',
    'Fetch',
    ['always', 'adaptive'],
    'always',
    'How much of a cached prefix is fetched: all of it (always), or only what is expected to be faster to fetch than to compute, by the rates that the inference host measures (adaptive).',
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
  ...orbitParameters,
  link_delay: choice(
    'links',
    'Link delay',
    ['off', 'virtual', 'real', 'simulated'],
    'off',
    'off: links are as fast as the machine. virtual: light time is added to the metrics, nothing waits. real: packets are held for their light time. simulated: packets take their light time on the clock of the simulator, which makes this of virtual and real.',
  ),
  ...faultParameters,
  engine: choice(
    'model',
    'Engine',
    ['synthetic', 'llama'],
    'synthetic',
    'synthetic: no model; it takes the time that the rates below say. llama: a real model, run by llama.cpp on the inference host.',
  ),
  model: {
    kind: 'text',
    group: 'model',
    label: 'Model',
    default: 'none',
    help: 'Of the engine llama: the name of a model that was added (skymemory model list), or the path of a GGUF file on the inference host.',
  },
  kv_type: choice(
    'model',
    'KV type',
    ['f16', 'q8_0'],
    'f16',
    'Of the engine llama: how a KV value is kept, in 16 bits or in 8.5.',
  ),
  context_tokens: integer(
    'model',
    'Context',
    [256, 1_048_576],
    'tokens',
    4_096,
    'Of the engine llama: tokens of prompt and answer that fit; its memory is taken when the model is loaded.',
  ),
  threads: integer(
    'model',
    'Threads',
    [0, 1_024],
    '',
    0,
    'Of the engine llama: threads that compute; 0 = one for each core.',
  ),
  kvc_bytes_per_token: integer(
    'model',
    'KVC per token',
    [1, 16_777_216],
    'B',
    22_528,
    'Of the engine synthetic: bytes of KV cache of one token; 22,528 is TinyLlama-1.1B at f16. A real model says it itself.',
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
    'Output tokens per second of the synthetic engine.',
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
  ...traceParameters,
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
