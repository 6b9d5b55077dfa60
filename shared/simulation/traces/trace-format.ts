/** The formats of request traces that can be read; docs/traces.md says where each comes from. */
export const traceFormats = ['mooncake', 'aiperf', 'sharegpt', 'azure', 'burstgpt'] as const
export type TraceFormat = (typeof traceFormats)[number]

export interface FormatTraits {
  readonly title: string
  /** How the file is cut into records: a JSON object a line, a row of CSV a line, or one JSON array of objects. */
  readonly layout: 'json-lines' | 'csv' | 'json-array'
  /**
   * Tokens in a block where nobody says otherwise. Mooncake publishes ids of blocks of 512 tokens, and AIPerf takes the same default; where blocks
   * are made here, they have the 128 tokens of an experiment's default.
   */
  readonly blockTokens: number
  /** True where ids in the file stand for blocks, which have one length; elsewhere prompts are cut into blocks of any. */
  readonly publishesBlocks: boolean
  /** False where the file says nothing about common prefixes: a prefix model must be declared. */
  readonly knowsPrefixes: boolean
  /** False where requests do not stand in the order of their arrival: the whole trace is sorted before it is used. */
  readonly inOrder: boolean
}

export const traits: Readonly<Record<TraceFormat, FormatTraits>> = {
  mooncake: {
    title: 'Mooncake JSONL',
    layout: 'json-lines',
    blockTokens: 512,
    publishesBlocks: true,
    knowsPrefixes: true,
    inOrder: true,
  },
  aiperf: {
    title: 'AIPerf JSONL',
    layout: 'json-lines',
    blockTokens: 512,
    publishesBlocks: true,
    knowsPrefixes: true,
    inOrder: false,
  },
  sharegpt: {
    title: 'ShareGPT JSON',
    layout: 'json-array',
    blockTokens: 128,
    publishesBlocks: false,
    knowsPrefixes: true,
    inOrder: false,
  },
  azure: {
    title: 'Azure LLM inference CSV',
    layout: 'csv',
    blockTokens: 128,
    publishesBlocks: false,
    knowsPrefixes: false,
    inOrder: true,
  },
  burstgpt: {
    title: 'BurstGPT CSV',
    layout: 'csv',
    blockTokens: 128,
    publishesBlocks: false,
    knowsPrefixes: false,
    inOrder: true,
  },
}
