/** Variables that hold a secret of a host: SKYMEMORY_PASSWORD_NUC1 and the like. */
const names = /^SKYMEMORY_(PASSWORD|PASSPHRASE|SUDO)_[A-Z0-9_]+$/

/**
 * Take the secrets out of an environment, so that no program that is started from here inherits them: agents, a lab in the background,
 * the tools that commands call.
 * @param env is changed
 */
export function takeSecrets(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !names.test(name)) continue
    secrets.set(name, value)
    delete env[name]
  }
  return secrets
}
