import type { AnyAuthMethod } from 'ssh2'
import type { SkyError } from '#shared/contract/errors'

/** How to log in to one hop. It is asked for one attempt after another until the server is content. */
export interface Login {
  /**
   * The next attempt, or null when there is none left.
   * @param offered methods by which the server lets users in, RFC 4252
   * @param partial what was tried last was right, but the server wants more
   * @param giveUp ends the login at once, in the middle of an attempt
   * @throws SkyError `secret_needed`, `authentication_failed`
   */
  next(
    offered: readonly string[],
    partial: boolean,
    giveUp: (error: SkyError) => void,
  ): Promise<AnyAuthMethod | null>
  /**
   * What is wrong, once there is no attempt left or the server has hung up.
   * @param said the server's reason when it hung up
   */
  failure(said: string | null): SkyError
}
