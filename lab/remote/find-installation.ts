import { SkyError } from '#shared/contract/errors'
import { hostLayout, installation, type HostLayout, type Installation } from '../provisioning/host-layout'
import type { SshSession } from '../ssh/ssh-session'

/** Prints the home directory, then what is installed of this lab: of the whole machine, else of this user. */
const findScript = `printf '%s\\n' "$HOME"
for file in "/opt/skymemory/$1/install.json" "$HOME/.local/share/skymemory/$1/install.json"; do
  if [ -r "$file" ]; then cat -- "$file"; exit 0; fi
done`

export interface FoundInstallation {
  readonly layout: HostLayout
  readonly installation: Installation
}

/** @returns null when nothing of this lab is installed. @throws SkyError `provisioning_failed` when what is there cannot be read */
export async function findInstallation(session: SshSession, lab: string): Promise<FoundInstallation | null> {
  const { stdout, stderr, exitCode } = await session.script(findScript, [lab])
  const [home = '', ...rest] = stdout.split('\n')
  if (exitCode !== 0 || !home.startsWith('/')) {
    throw new SkyError(
      'provisioning_failed',
      `${session.host} did not say what is installed: ${stderr.trim() || `exit code ${exitCode ?? '-'}`}`,
      'The login shell of the user must run sh.',
      { host: session.host },
    )
  }
  const text = rest.join('\n').trim()
  if (text === '') return null
  const found = installation.safeParse(parseJson(text))
  if (!found.success) {
    throw new SkyError(
      'provisioning_failed',
      `install.json of ${lab} on ${session.host} is damaged`,
      `Apply the lab again: skymemory lab apply ${lab}`,
      { host: session.host },
    )
  }
  return { installation: found.data, layout: hostLayout(found.data.service, lab, home) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
