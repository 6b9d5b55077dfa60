import { parseArgs } from 'node:util'
import { bridge } from './commands/bridge'
import { exitCodes, messageOf, required, UsageError } from './commands/say'
import { status } from './commands/status'
import { stop } from './commands/stop'
import { supervise } from './commands/supervise'
import { configOfOptions } from './config/local-options'
import { readAgentConfig } from './config/read-config'
import { createLog } from './log'
import { runAgent } from './run-agent'
import { agentVersion } from './version'

const usage = `skymemory-agent: a host of a SkyMemory lab

  skymemory-agent --config FILE [--exit-with-stdin]
      run the host that a JSON file describes: what services do

  skymemory-agent satellite --host-id ID --control SOCKET [--bind ADDRESS] [--port PORT] [--exit-with-stdin]
  skymemory-agent inference --host-id ID --control SOCKET --journal-directory DIR
                  [--llama-package DIR --models-directory DIR] [--exit-with-stdin]
      run a host of a lab that is on this machine as a whole

  skymemory-agent supervise --config FILE --log FILE --pid-file FILE [--foreground]
      keep that host running without systemd, in the background; prints the process id of the supervisor
  skymemory-agent stop --pid-file FILE
      end such a supervisor and its host
  skymemory-agent status --config FILE [--pid-file FILE]
      say as JSON whether the host answers; exit code 3 when it does not
  skymemory-agent bridge --control SOCKET
      give orders to a host by standard input and output

  --config             JSON: role, hostId, control, tls, and bind and port, or journalDirectory; paths are absolute
  --host-id            name of this host in the lab
  --control            Unix socket (Windows: named pipe) on which the console gives its orders
  --bind, --port       where other hosts connect (default 127.0.0.1, any free port)
  --journal-directory  where the records of trials are kept until the console has them
  --llama-package      what runs real models: the package @skymemory/llama with its node_modules
  --models-directory   where models lie that are called by name: NAME.gguf
  --exit-with-stdin    end when standard input ends, so that the agent does not outlive who started it
  --log                the host's log; at 8 MiB it is renamed to FILE.1 and begins anew
  --foreground         supervise from this process instead of one in the background
  --version            print the version

Examples:
  skymemory-agent --config /opt/skymemory/rack/current/config.json
  skymemory-agent supervise --config ~/lab/config.json --log ~/lab/agent.log --pid-file ~/lab/supervisor.pid
`

const log = createLog((line) => process.stderr.write(line))

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  bridge,
  supervise,
  status,
  stop,
}

async function main(words: readonly string[]): Promise<void> {
  const [first = '', ...rest] = words
  if (words.includes('--help')) return void process.stdout.write(usage)
  if (first === '--version') return void process.stdout.write(`${agentVersion}\n`)
  const command = isCommand(first) ? commands[first] : undefined
  if (command !== undefined) return command(rest)
  await run(words)
}

async function run(words: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      'host-id': { type: 'string' },
      control: { type: 'string' },
      bind: { type: 'string' },
      port: { type: 'string' },
      'journal-directory': { type: 'string' },
      'llama-package': { type: 'string' },
      'models-directory': { type: 'string' },
      'exit-with-stdin': { type: 'boolean', default: false },
    },
  })
  const [role, ...more] = positionals
  if (more.length > 0) throw new UsageError(`"${more.join(' ')}" has no meaning here`)
  const exitWithStdin = values['exit-with-stdin']
  if (role === undefined) {
    return runAgent(readAgentConfig(required(values.config, '--config')), { log, exitWithStdin })
  }
  if (role !== 'satellite' && role !== 'inference') {
    throw new UsageError(`"${role}" is no command: see skymemory-agent --help`)
  }
  if (values.config !== undefined) throw new UsageError('--config says the role itself')
  return runAgent(configOfOptions(role, values), { log, exitWithStdin })
}

const words = process.argv.slice(2)
main(words).catch((thrown: unknown) => {
  // What a host says goes to a log; what a command says is read by a person.
  if (isCommand(words[0])) process.stderr.write(`skymemory-agent: ${messageOf(thrown)}\n`)
  else log.error(messageOf(thrown))
  process.exit(isUsage(thrown) ? exitCodes.usage : exitCodes.failed)
})

function isCommand(word: string | undefined): word is string {
  return word !== undefined && Object.hasOwn(commands, word)
}

function isUsage(thrown: unknown): boolean {
  if (thrown instanceof UsageError) return true
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return code.startsWith('ERR_PARSE_ARGS')
}
