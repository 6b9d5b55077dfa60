import { SetupError } from './say.mjs'

/** DuckDB's bindings, `import.meta.dirname` and Electron 33 all have at least this. */
const oldest = { major: 20, minor: 18 }

/** @param {string} version as process.versions.node */
export function isSupportedNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor)
}

export function requireNode(version = process.versions.node) {
  if (isSupportedNode(version)) return
  throw new SetupError(
    `SkyMemory Console needs Node.js ${oldest.major}.${oldest.minor} or newer; this is ${version} (${process.execPath}).\n` +
      'Install a newer one (nodejs.org, nvm, or your distribution) and repeat the command.',
  )
}
