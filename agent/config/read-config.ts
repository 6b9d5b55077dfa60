import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { agentConfig, longestSocketPath, type AgentConfig } from '#shared/contract/agent-config'
import { SkyError } from '#shared/contract/errors'

/** @throws SkyError `not_found`, `invalid_argument`: names the file and every field that is wrong */
export function readAgentConfig(file: string): AgentConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('not_found', `the configuration ${file} cannot be read: ${reason}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_argument', `the configuration ${file} is not JSON: ${reason}`)
  }
  return checkAgentConfig(value, file)
}

/**
 * @param source what the values come from, for messages: a file, or the command line
 * @throws SkyError `invalid_argument`
 */
export function checkAgentConfig(value: unknown, source: string): AgentConfig {
  const config = agentConfig.safeParse(value)
  const problems = config.success
    ? pathProblems(config.data)
    : config.error.issues.map((issue) => `${issue.path.join('.') || '(whole)'}: ${issue.message}`)
  if (config.success && problems.length === 0) return config.data
  throw new SkyError('invalid_argument', `${source}: ${problems.join('; ')}`, 'Correct it, then start again.')
}

function pathProblems(config: AgentConfig): string[] {
  const paths: Record<string, string> = {
    control: config.control,
    ...(config.role === 'inference' && { journalDirectory: config.journalDirectory }),
    ...(config.role === 'inference' &&
      config.llama !== null && {
        'llama.packageFolder': config.llama.packageFolder,
        'llama.modelsDirectory': config.llama.modelsDirectory,
      }),
    ...(config.tls !== null && {
      'tls.authority': config.tls.authority,
      'tls.certificate': config.tls.certificate,
      'tls.key': config.tls.key,
    }),
  }
  const relative = Object.entries(paths)
    .filter(([, path]) => !isAbsolute(path))
    .map(([field, path]) => `${field}: "${path}" is not an absolute path`)
  return [...relative, ...socketPathProblem(config.control)]
}

/** A longer path would be cut off without a word, and the socket would lie elsewhere. Named pipes of Windows may be longer. */
function socketPathProblem(path: string): string[] {
  const bytes = Buffer.byteLength(path)
  if (process.platform === 'win32' || bytes <= longestSocketPath) return []
  return [
    `control: the path has ${bytes} bytes, and that of a Unix socket at most ${longestSocketPath}: "${path}"`,
  ]
}
