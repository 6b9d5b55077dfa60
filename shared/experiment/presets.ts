import type { Preset } from '../contract/console-api'

/**
 * Experiments to begin with, as the YAML that their authors would write: comments and all.
 *
 * The demo: 1 baseline and 6 cells with a cache. A prompt of 768 document tokens, the turns before and a question takes about 0.42 s
 * to compute at 2,000 tokens/s, one prompt after another: 54 requests without a cache take 23 s. With it, five blocks of six are
 * hits, and a trial takes 12 to 20 s on two cores: two minutes in all.
 */
const demo = `name: Demo
description: >-
  What SkyMemory does, in about two minutes: a baseline without a cache, then all three placement strategies on 9 and on 25
  servers. With the cache, prompts hit their prefix and the first token comes sooner; hops and propagation differ by strategy.
seed: 2505
repeats: 1
lab: local

parameters:
  link_delay: real        # packets are held for their light time
  rotation_period_s: 4    # far faster than a real orbit, so that migrations can be watched
  los_slots: 3
  los_planes: 3
  sessions: 18
  turns: 3

factors:
  cache: [off, skymemory]
  strategy: [rotation, hop, hop_rotation]
  servers: [9, 25]
`

const chunkSize = `name: Chunk size
description: >-
  How the size of a chunk changes the time of a fetch: small chunks spread evenly over the servers, large ones leave some servers with more to send.
seed: 1441
repeats: 3

parameters:
  strategy: hop_rotation
  link_delay: real
  sessions: 12

factors:
  servers: [9, 25]
  chunk_bytes: [3072, 6144, 12288, 24576, 49152, 98304]
`

const eviction = `name: Eviction pressure
description: >-
  Satellites with too little memory for the documents: hit rate, evictions and purged blocks when the rest of a damaged block is
  purged by gossip, and when the next reader does it.
seed: 1442
repeats: 3

parameters:
  strategy: rotation
  servers: 9
  document_count: 24      # about 17 MB of KV cache each
  sessions: 32
  turns: 2

factors:
  eviction: [gossip, lazy]
  satellite_bytes: [8388608, 16777216, 33554432, 67108864]
`

const altitude = `name: Altitude
description: >-
  Light time by altitude and strategy. Link delays are virtual: they are added to the metrics while nothing waits, so the trials are
  as fast as the machine.
seed: 1443
repeats: 1

parameters:
  link_delay: virtual
  servers: 25
  sessions: 10

factors:
  strategy: [rotation, hop, hop_rotation]
  altitude_m: [160000, 550000, 1200000, 1920000]
`

const lookup = `name: Lookup
description: >-
  Asking server 0 for all block hashes of a prompt at once, against the binary search of the paper, for short and long prompts.
seed: 1444
repeats: 3

parameters:
  strategy: hop_rotation
  servers: 9
  link_delay: real
  sessions: 10
  satellite_bytes: 268435456

factors:
  lookup: [batch, binary_search]
  document_tokens: [512, 1024, 2048]
`

const blockLength = `name: Block length
description: >-
  Short blocks reuse more of a prompt (less is left over behind the last full block), long ones need fewer manifests and lookups.
seed: 1445
repeats: 3

parameters:
  strategy: hop_rotation
  link_delay: real
  sessions: 12

factors:
  block_tokens: [32, 64, 128, 256]
`

const paperTestbed = `name: Paper testbed
description: >-
  The experiment of the paper's testbed: a model on one host, 19x5 satellites on five. Time to the first token, time per output token
  and total time, without a cache and with it, for KV of 16 and of 8.5 bits and all three strategies. Takes the model tinyllama:
  add one first (skymemory model add FILE --name tinyllama), or put another name here.
seed: 1446
repeats: 5
lab: local              # or the name of a lab of SSH hosts

parameters:
  engine: llama
  model: tinyllama
  context_tokens: 2048
  link_delay: real
  servers: 9
  satellite_bytes: 268435456
  document_count: 4
  document_tokens: 1024
  sessions: 12
  turns: 1
  output_tokens: 32
  concurrency: 1

factors:
  cache: [off, skymemory]
  kv_type: [f16, q8_0]
  strategy: [rotation, hop, hop_rotation]
`

export const demoPresetId = 'demo'

export const presets: readonly Preset[] = [
  {
    id: demoPresetId,
    name: 'Demo',
    description: 'Without a cache, then three strategies on 9 and 25 servers; about two minutes.',
    yaml: demo,
  },
  {
    id: 'chunk-size',
    name: 'Chunk size',
    description: 'Six chunk sizes on 9 and 25 servers: time of a fetch against the number of packets.',
    yaml: chunkSize,
  },
  {
    id: 'eviction',
    name: 'Eviction pressure',
    description: 'Gossip against lazy purging while satellites run out of memory.',
    yaml: eviction,
  },
  {
    id: 'altitude',
    name: 'Altitude',
    description: 'Virtual link delay at four altitudes, for all three strategies.',
    yaml: altitude,
  },
  {
    id: 'lookup',
    name: 'Lookup',
    description: 'One batched question against binary search, for three prompt lengths.',
    yaml: lookup,
  },
  {
    id: 'block-length',
    name: 'Block length',
    description: 'Four block lengths: reuse of a prompt against the number of blocks.',
    yaml: blockLength,
  },
  {
    id: 'paper-testbed',
    name: 'Paper testbed',
    description: 'A real model with and without the cache, f16 and q8_0, three strategies, five repeats.',
    yaml: paperTestbed,
  },
]

export function presetById(id: string): Preset | null {
  return presets.find((preset) => preset.id === id) ?? null
}
