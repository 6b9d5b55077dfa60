import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { Hop } from '../connect/hop'

/** Decides whether the key that a server shows is the one that is expected there. */
export interface HostKeyCheck {
  /** Algorithms of the keys that are known of a hop: it is asked for them first, so that it does not show another one of its keys. */
  knownAlgorithms(hop: Hop): Promise<readonly ServerHostKeyAlgorithm[]>
  /** @throws SkyError `host_key_unknown`, `host_key_changed` */
  check(hop: Hop, key: Buffer): Promise<void>
}
