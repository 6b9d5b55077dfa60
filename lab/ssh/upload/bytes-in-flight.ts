/** More than this only fills queues on a short way, and buffers that the processor's cache does not hold: 1.3 times as slow on loopback. */
const fewest = 1024 * 1024
/** Twice the window of an OpenSSH server: the line never waits for the file. */
const most = 4 * 1024 * 1024
/** Twice what a line of 1 Gbit/s carries in 1 ms, bytes: the measured round trip is one without any load. */
const bytesPerMs = 250_000

/**
 * Bytes that are sent but not acknowledged, at most.
 * @param roundTripMs of one request to the server and its answer; null = not known
 */
export function bytesInFlight(roundTripMs: number | null): number {
  if (roundTripMs === null) return most
  return Math.min(most, Math.max(fewest, Math.ceil(roundTripMs * bytesPerMs)))
}
