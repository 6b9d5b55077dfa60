import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { parseInventory } from '#shared/inventory/parse-inventory'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import type { CommandContext } from '../context'
import { answering } from '../hosts/answer'
import { withHosts } from '../hosts/lab-client'
import { problemLine } from '../output/errors'
import { table } from '../output/table'

interface ImportOptions {
  template: boolean
  sshConfig?: string[]
  sshConfigFile?: string
  inference?: string
  as?: string
  replace: boolean
}

/** Labs of SSH hosts: what is known of them, and how they are reached. */
export function inventoryCommands(lab: Command, context: () => CommandContext): void {
  lab
    .command('list')
    .description('Say which labs of SSH hosts there are.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory lab list')
    .action(({ json }: { json: boolean }) =>
      withHosts(context(), async ({ client }) => {
        const { terminal } = context()
        const labs = await client.call('inventories', {})
        if (json) return terminal.out(JSON.stringify(labs))
        if (labs.length === 0) {
          return terminal.out('There is no lab yet. Make one: skymemory lab import FILE.yaml, or --template.')
        }
        for (const { problem } of labs) if (problem !== null) terminal.err(`warning: ${problem}`)
        const head = ['lab', 'satellite hosts', 'inference hosts', 'description']
        const rows = labs.map((each) => [
          each.name,
          each.satelliteHosts,
          each.inferenceHosts,
          each.problem === null ? each.description : 'its file cannot be used',
        ])
        terminal.out(table(head, rows))
      }),
    )

  lab
    .command('export <lab>')
    .description('Print the inventory of a lab as YAML; it holds no secret.')
    .option('--out <file>', 'write it to a file')
    .addHelpText('after', '\nExamples:\n  skymemory lab export testbed > testbed.yaml')
    .action((name: string, { out }: { out?: string }) =>
      withHosts(context(), async ({ client }) => {
        const { yaml, problems } = await client.call('inventoryYaml', { lab: name })
        // The error says what is wrong with it, and where.
        if (problems.length > 0) await client.call('inventory', { lab: name })
        if (out === undefined) return context().terminal.out(yaml.trimEnd())
        await writeFile(out, yaml)
        context().terminal.err(`Written to ${out}.`)
      }),
    )

  lab
    .command('import [file]')
    .description(
      "Add a lab: from a YAML file, the paper's testbed as a template, or hosts of an SSH configuration.",
    )
    .option('--template', "the paper's testbed: nuc1 to nuc5 with a plane each, and a jetson", false)
    .option('--ssh-config <alias...>', 'hosts of ~/.ssh/config, by alias')
    .option('--ssh-config-file <file>', 'another SSH configuration')
    .option('--inference <alias>', 'which of them is the inference host (default: the last one)')
    .option('--as <name>', 'name of the lab (default: that of the file, or ssh)')
    .option('--replace', 'replace a lab of this name', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab import testbed.yaml\n  skymemory lab import --template --as mine\n  skymemory lab import --ssh-config nuc1 nuc2 jetson --as attic',
    )
    .action(async (file: string | undefined, options: ImportOptions) =>
      withHosts(context(), async ({ client }) => {
        const found = await importedLab(context(), file, options, (from) =>
          client.call('sshConfigHosts', { file: from }),
        )
        const added = { ...found, name: options.as ?? found.name }
        const names = (await client.call('inventories', {})).map(({ name }) => name)
        const replaces = options.replace && names.includes(added.name) ? added.name : null
        await client.call('saveInventory', { inventory: added, replaces })
        context().terminal.out(
          `The lab ${added.name} has ${added.hosts.length} hosts. Next: skymemory lab check ${added.name}`,
        )
      }),
    )

  lab
    .command('forget <lab>')
    .description(
      'Remove a lab from this console, with its secrets. What is installed on its hosts stays there.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab forget testbed\n  skymemory lab remove testbed && skymemory lab forget testbed',
    )
    .action((name: string) =>
      withHosts(context(), async ({ client }) => {
        await client.call('deleteInventory', { lab: name })
        context().terminal.out(`The lab ${name} is forgotten.`)
      }),
    )

  lab
    .command('check <lab> [host]')
    .description('Connect to every host of a lab, or to one, and part again.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory lab check testbed\n  skymemory lab check testbed nuc3')
    .action((name: string, host: string | undefined, { json }: { json: boolean }) =>
      withHosts(context(), async ({ client, answers }) => {
        const { hosts } = await client.call('inventory', { lab: name })
        const chosen = host === undefined ? hosts.map((each) => each.name) : [host]
        const found: { host: string; roundTripMs: number; serverVersion: string; user: string }[] = []
        for (const each of chosen) {
          const check = () => client.call('checkConnection', { lab: name, host: each })
          found.push({ host: each, ...(await answering(answers, check)) })
        }
        if (json) return context().terminal.out(JSON.stringify(found))
        const rows = found.map((each) => [
          each.host,
          each.user,
          each.roundTripMs.toFixed(1),
          each.serverVersion,
        ])
        context().terminal.out(table(['host', 'user', 'round trip ms', 'server'], rows))
      }),
    )

  lab
    .command('accept-key <lab> <host> <fingerprint>')
    .description('Accept the key that a host shows now, if it has this fingerprint.')
    .addHelpText('after', '\nExamples:\n  skymemory lab accept-key testbed nuc1 SHA256:IKHSPzp4ejdF...')
    .action((name: string, target: string, fingerprint: string) =>
      withHosts(context(), async ({ client, answers }) => {
        await answering(answers, () => client.call('acceptHostKey', { lab: name, target, fingerprint }))
        context().terminal.out(`The key of ${target} is accepted.`)
      }),
    )

  lab
    .command('forget-key <lab> <host>')
    .description('Forget the key that was accepted for a host: the next one is asked for.')
    .addHelpText('after', '\nExamples:\n  skymemory lab forget-key testbed nuc1')
    .action((name: string, target: string) =>
      withHosts(context(), async ({ client }) => {
        await client.call('forgetHostKey', { lab: name, target })
        context().terminal.out(`The key of ${target} is forgotten.`)
      }),
    )
}

type FindHosts = (file: string | null) => Promise<
  {
    alias: string
    address: string
    port: number
    user: string | null
    keyFile: string | null
    jump: string[]
  }[]
>

async function importedLab(
  context: CommandContext,
  file: string | undefined,
  options: ImportOptions,
  findHosts: FindHosts,
): Promise<Inventory> {
  const sources = [file, options.template || undefined, options.sshConfig].filter(
    (each) => each !== undefined,
  )
  if (sources.length !== 1) {
    throw new SkyError('invalid_argument', 'Name one source: a file, --template, or --ssh-config ALIAS...')
  }
  if (options.template) return testbedTemplate()
  if (file !== undefined) return labOfFile(context, file)
  return labOfSshConfig(options, await findHosts(options.sshConfigFile ?? null))
}

async function labOfFile({ terminal }: CommandContext, file: string): Promise<Inventory> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('not_found', `${file} cannot be read: ${reason}`, 'Name a YAML file.')
  })
  const parsed = parseInventory(text)
  if (parsed.ok) return parsed.inventory
  for (const problem of parsed.problems) terminal.err(problemLine(file, problem))
  const count = parsed.problems.length
  const message = `${file} has ${count === 1 ? 'a problem' : `${count} problems`} and was not imported`
  throw new SkyError('invalid_argument', message, 'Correct the lines above.')
}

function labOfSshConfig(options: ImportOptions, known: Awaited<ReturnType<FindHosts>>): Inventory {
  const aliases = options.sshConfig ?? []
  const inference = options.inference ?? aliases.at(-1)
  const entry = (alias: string) => {
    const found = known.find((each) => each.alias === alias)
    if (found) return found
    const all = known.map((each) => each.alias).join(', ') || 'none'
    throw new SkyError('not_found', `The SSH configuration has no host ${alias}`, `It has: ${all}.`)
  }
  const target = (alias: string) => {
    const { address, port, user, keyFile } = entry(alias)
    if (user === null) {
      throw new SkyError(
        'invalid_argument',
        `The SSH configuration names no user for ${alias}`,
        'Add "User" there.',
      )
    }
    return {
      name: alias.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-'),
      address,
      port,
      user,
      authentication: keyFile === null ? { kind: 'agent' } : { kind: 'key', file: keyFile },
    }
  }
  const jumps = new Map<string, ReturnType<typeof target>>()
  const hosts = aliases.map((alias) => {
    const { jump } = entry(alias)
    for (const each of jump) if (!jumps.has(each)) jumps.set(each, target(each))
    const role = alias === inference ? 'inference' : 'satellite'
    return { role, ...target(alias), jump: jump.map((each) => (jumps.get(each) as { name: string }).name) }
  })
  const parsed = inventory.safeParse({ name: options.as ?? 'ssh', hosts, jump_hosts: [...jumps.values()] })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new SkyError(
    'invalid_argument',
    `These hosts make no lab: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  )
}
