import '../zod-without-eval'
import { SkyError } from '#shared/contract/errors'
import { defaultParameters } from '#shared/experiment/parameters'
import { presetById } from '#shared/experiment/presets'
import { mountConsole } from '../mount'
import { demoDesktop } from './demo-desktop'
import { DemoEngine } from './demo-engine'

/*
 * The window over made-up data, for work on pages: ?scene=stopped|running|demo|load|finished|crashed|unreachable, or of SSH hosts
 * ?scene=bare|deployed|connected|lost, &ahead=SECONDS, &size=72x22, &yaml=EXPERIMENT. `engine.ssh` makes the rest happen.
 */
/** About a thousand records a second: to see that the charts stay smooth. */
const load = `name: Load
seed: 1
parameters:
  link_delay: real
  sessions: 60000
  turns: 1
  concurrency: 800
  decode_tokens_per_s: 40
factors:
  strategy: [rotation, hop]
`

const query = new URLSearchParams(location.search)
const scene = query.get('scene') ?? 'demo'
const engine = new DemoEngine(Date.now() - 3_600_000)
const { client } = engine
Object.assign(globalThis, { engine })

async function set(): Promise<void> {
  const [slots, planes] = (query.get('size') ?? `${defaultParameters.slots}x${defaultParameters.planes}`)
    .split('x')
    .map(Number)
  if (scene === 'unreachable')
    throw new SkyError('unreachable', 'The lab engine does not run.', 'Start the app again.')
  if (scene === 'stopped') return
  if (['bare', 'deployed', 'connected', 'lost'].includes(scene)) {
    const { name } = engine.ssh.addTestbed()
    if (scene === 'bare') return
    engine.ssh.access.acceptAll(name)
    engine.ssh.provisioning.install(name)
    if (scene === 'deployed') return
    await client.call('startLab', { lab: name, slots: slots!, planes: planes! })
    if (scene === 'connected') return
    await client.call('startRun', { yaml: presetById('demo')!.yaml })
    engine.advance(60_000)
    engine.cut('nuc3', 'no answer for 5 s')
    return
  }
  await client.call('startLab', { slots: slots!, planes: planes! })
  if (scene === 'running') return
  const yaml = query.get('yaml') ?? (scene === 'load' ? load : presetById('demo')!.yaml)
  if (scene === 'finished') {
    await client.call('startRun', { yaml: yaml.replace('repeats: 1', 'repeats: 3') })
    engine.advance(1_200_000)
    return
  }
  await client.call('startRun', { yaml })
  engine.advance(Number(query.get('ahead') ?? 70) * 1000)
  if (scene === 'crashed') engine.crash('nuc3')
}

void mountConsole(
  '#app',
  set().then(() => client),
  demoDesktop,
)
if (query.get('still') === null) setInterval(() => engine.advance(100), 100)
