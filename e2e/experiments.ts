/** Small experiments that run in a few seconds: short documents and a model that computes fast, so that little waits. */

/** A baseline without a cache against two strategies; a conversation comes back to its document, so that prefixes hit. */
export const quickExperiment = `name: Quick
seed: 7
repeats: 1

parameters:
  slots: 7
  planes: 3
  servers: 9
  centre_slot: 3
  centre_plane: 1
  los_slots: 3
  los_planes: 3
  link_delay: real
  block_tokens: 32
  document_tokens: 256
  prefill_tokens_per_s: 8000
  decode_tokens_per_s: 2000
  output_tokens: 4
  sessions: 6
  turns: 3

factors:
  cache: [off, skymemory]
  strategy: [rotation, hop]
`

/** One trial that goes on for as long as a test needs it. */
export const longExperiment = quickExperiment
  .replace('name: Quick', 'name: Long')
  .replace('sessions: 6', 'sessions: 400')
  .replace('cache: [off, skymemory]', 'cache: [skymemory]')
  .replace('strategy: [rotation, hop]', 'strategy: [rotation]')
