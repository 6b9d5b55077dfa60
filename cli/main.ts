import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { takeSecrets } from './hosts/environment-secrets'
import { commandLine } from './program'
import { installationAt } from './environment'
import { printError } from './output/errors'
import { flushed, processTerminal } from './output/terminal'

const terminal = processTerminal()
// First of all: nothing that is started from here inherits them.
const secrets = takeSecrets(process.env)
const { program, context } = commandLine(
  terminal,
  installationAt(fileURLToPath(import.meta.url)),
  process.env,
  secrets,
)

try {
  program.exitOverride()
  for (const command of program.commands) exitOverrideAll(command)
  await program.parseAsync(process.argv)
  await flushed()
  process.exit(0)
} catch (thrown) {
  // Help, version and wrong arguments: commander has said what there is to say.
  const code = thrown instanceof CommanderError ? thrown.exitCode : context().exitCode
  if (!(thrown instanceof CommanderError)) printError(terminal, thrown)
  await flushed()
  process.exit(code)
}

function exitOverrideAll(command: typeof program): void {
  command.exitOverride()
  for (const each of command.commands) exitOverrideAll(each)
}
