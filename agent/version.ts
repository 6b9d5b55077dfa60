import packageJson from '../package.json'

/** The agent is deployed with the console that made it: they share a version. */
export const agentVersion: string = packageJson.version
