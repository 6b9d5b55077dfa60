import { resolve } from 'node:path'
import type { Command } from 'commander'
import { writePaperTables } from '#lab/simulation/write-paper-tables'
import { paperConfiguration } from '#shared/simulation/sweep/paper-sweep'
import type { CommandContext } from '../../context'
import { requireWritable } from '../../run/results-folder'

export function paperCommand(simulate: Command, context: () => CommandContext): void {
  simulate
    .command('paper')
    .summary("write the twelve tables of the paper's sweep")
    .description(
      "Write the paper's sweep: three strategies along KVC size, servers, chunk processing time and " +
        "altitude, one tab-separated file each, named and shaped as the authors' simulator does, with " +
        'its speed of light (preset paper).',
    )
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory simulate paper --out paper\n  skymemory simulate paper --out paper --json',
    )
    .action(async ({ out, json }: { out: string; json: boolean }) => {
      const { terminal } = context()
      const directory = resolve(out)
      await requireWritable(directory)
      const files = await writePaperTables(directory)
      const { preset } = paperConfiguration
      if (json) return terminal.out(JSON.stringify({ preset, directory, files }))
      for (const file of files) terminal.out(file)
      terminal.out(`${files.length} tables of preset ${preset}, times in seconds, in:`)
      terminal.out(directory)
    })
}
