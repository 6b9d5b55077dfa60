import { z } from 'zod'

const common = {
  hostId: z.string().min(1),
  /** Unix socket on which the console gives its orders. */
  control: z.string().min(1),
  /** Mutual TLS 1.3 between hosts, PEM files; null = plain TCP, for agents that all run on one machine. */
  tls: z.strictObject({ authority: z.string(), certificate: z.string(), key: z.string() }).nullable(),
}

/** What an agent is told at its start, by the file of `--config`. Paths are absolute. */
export const agentConfig = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('satellite'),
    ...common,
    /** Where other hosts connect. */
    bind: z.string(),
    port: z.int().min(0).max(65_535),
  }),
  z.strictObject({
    role: z.literal('inference'),
    ...common,
    /** Where the records of trials are kept until the console has them. */
    journalDirectory: z.string().min(1),
    /** What runs models of llama.cpp; null = this host has none. */
    llama: z
      .strictObject({
        /** The package `@skymemory/llama`, with its node_modules. */
        packageFolder: z.string().min(1),
        /** Where models lie that are called by name. */
        modelsDirectory: z.string().min(1),
      })
      .nullable()
      .default(null),
  }),
])
export type AgentConfig = z.infer<typeof agentConfig>

/** Linux keeps 108 bytes for the path of a Unix socket, with the closing zero. */
export const longestSocketPath = 107

/**
 * An agent that fails is started again, but not for ever: after so many starts within so many seconds whoever keeps it
 * running (systemd, or the supervisor where there is none) leaves it stopped.
 */
export const startLimit = { starts: 5, windowS: 60 } as const
