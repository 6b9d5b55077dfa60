import { exec } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { z } from 'zod'

/** How the package registry of this user is reached. What is absent is left to pacote, which knows the public registry. */
export interface RegistrySettings {
  readonly registry?: string
  readonly proxy?: string
  readonly httpsProxy?: string
  readonly noProxy?: string | string[]
  /** Further authorities that vouch for it, PEM. */
  readonly ca?: string | string[]
  readonly strictSSL?: boolean
}

/** Time that npm may take to say how it is set up, ms. */
const npmLimitMs = 20_000

const text = z.string().min(1).nullish().catch(null)
const texts = z
  .union([z.string().min(1), z.array(z.string())])
  .nullish()
  .catch(null)

/** The keys of npm's configuration that matter here; anything of another shape counts as absent. */
const npmConfiguration = z.object({
  registry: text,
  proxy: text,
  'https-proxy': text,
  noproxy: texts,
  ca: texts,
  cafile: text,
  'strict-ssl': z.boolean().nullish().catch(null),
})

/** The environment first, then what npm is set up for, where there is an npm. */
export async function registrySettings(env: NodeJS.ProcessEnv): Promise<RegistrySettings> {
  return { ...(await npmSettings(env)), ...environmentSettings(env) }
}

/** npm tells its own children so; users may as well. */
function environmentSettings(env: NodeJS.ProcessEnv): RegistrySettings {
  const registry = env['npm_config_registry'] ?? env['NPM_CONFIG_REGISTRY']
  return registry ? { registry } : {}
}

async function npmSettings(env: NodeJS.ProcessEnv): Promise<RegistrySettings> {
  const printed = await npmConfig(env)
  const parsed = npmConfiguration.safeParse(parseJson(printed))
  if (!parsed.success) return {}
  const { registry, proxy, noproxy, cafile, ca, ...rest } = parsed.data
  const authorities = cafile ? await readFile(cafile, 'utf8').catch(() => ca) : ca
  return {
    ...(registry && { registry }),
    ...(proxy && { proxy }),
    ...(rest['https-proxy'] && { httpsProxy: rest['https-proxy'] }),
    ...(noproxy && noproxy.length > 0 && { noProxy: noproxy }),
    ...(authorities && { ca: authorities }),
    ...(typeof rest['strict-ssl'] === 'boolean' && { strictSSL: rest['strict-ssl'] }),
  }
}

/** Empty where there is no npm. A shell finds it on every system: on Windows it is a script. */
function npmConfig(env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    // From the user's home, so that no project's settings get in between.
    const options = { cwd: homedir(), env, timeout: npmLimitMs, windowsHide: true }
    exec('npm config ls --json', options, (error, stdout) => resolve(error ? '' : stdout))
  })
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}
