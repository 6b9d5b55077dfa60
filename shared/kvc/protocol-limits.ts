/** What bounds the traffic of the KVC protocol: the same for the agents and for their simulation. */

/** Blocks of one prompt that are being stored at a time. */
export const blocksAtATime = 4

/** Block hashes asked for in one lookup. */
export const hashesPerPacket = 1_024

/** An answer that has not come within this time will not come: its request or the answer was lost on the way. */
export const answerLimitMs = 10_000

/** A migration that has not ended by then never will: its satellite gives each packet up after `acknowledgeLimitMs`. */
export const migrationLimitMs = 600_000

/** Packets under way at a time from one migrating satellite: enough to fill links that take tens of milliseconds. */
export const migrationWindow = 32

/** A migrating packet that is not acknowledged within this time is counted as lost; light needs 0.2 s around the earth. */
export const acknowledgeLimitMs = 5_000
