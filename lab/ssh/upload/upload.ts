import type { Client } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import type { SshSession, UploadOptions, UploadSource } from '../ssh-session'

export async function upload(
  client: Client,
  session: SshSession,
  source: UploadSource,
  path: string,
  options: UploadOptions,
  ended: AbortSignal,
): Promise<number> {
  void [client, source, options, ended]
  throw new SkyError('not_supported', `${session.host}: ${path} cannot be sent yet`)
}
