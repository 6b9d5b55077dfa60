import { computed, onScopeDispose } from 'vue'
import type { Router } from 'vue-router'
import { defaultParameters } from '#shared/experiment/parameters'
import { useEngine } from '../engine'
import { wayBack } from '../format/lab'
import { pages } from '../router'
import { localLab, useLab } from '../stores/lab'
import { useLabChoice } from '../stores/lab-choice'
import { useLauncher } from '../stores/launcher'
import { useRuns } from '../stores/runs'
import { useSettings } from '../stores/settings'
import { useToasts } from '../stores/toasts'
import { useCommandRegistry, useCommands, type Command } from './commands'

/** What can be done from every page. */
export function useGlobalCommands(router: Router): void {
  const lab = useLab()
  const choice = useLabChoice()
  const runs = useRuns()
  const launcher = useLauncher()
  const registry = useCommandRegistry()
  const toasts = useToasts()
  const { settings } = useSettings()
  const { desktop } = useEngine()

  async function runDemo(): Promise<void> {
    const runId = await launcher.launchDemo()
    if (runId !== null) await router.push('/live')
    else if (launcher.error) toasts.failed(launcher.error)
  }

  const everywhere: Command[] = [
    ...pages.map((page, i): Command => ({
      id: `go ${page.path}`,
      group: 'Go to',
      label: page.label,
      shortcut: page.path === '/settings' ? 'Ctrl+,' : `Ctrl+${i + 1}`,
      run: () => void router.push(page.path),
    })),
    { id: 'labs', group: 'Go to', label: 'All labs', run: () => void router.push('/labs') },
    {
      id: 'palette',
      group: 'View',
      label: 'Show all commands',
      shortcut: 'Ctrl+K',
      run: () => (registry.paletteOpen = true),
    },
    {
      id: 'help',
      group: 'View',
      label: 'Show keyboard shortcuts',
      shortcut: '?',
      run: () => (registry.helpOpen = true),
    },
    {
      id: 'log',
      group: 'View',
      label: 'Show or hide the log',
      shortcut: 'Ctrl+J',
      run: () => (settings.logOpen = !settings.logOpen),
    },
    { id: 'dark', group: 'View', label: 'Use the dark theme', run: () => (settings.theme = 'dark') },
    { id: 'light', group: 'View', label: 'Use the light theme', run: () => (settings.theme = 'light') },
    {
      id: 'system',
      group: 'View',
      label: 'Use the theme of the system',
      run: () => (settings.theme = 'system'),
    },
  ]

  const possibleNow = computed(() => {
    const commands: Command[] = []
    const labKind = lab.state?.kind
    if (runs.active === null) {
      commands.push({
        id: 'demo',
        group: 'Run',
        label: 'Run demo',
        shortcut: 'Ctrl+Shift+D',
        run: () => void runDemo(),
      })
    }
    if (labKind === 'stopped' || labKind === 'failed') {
      commands.push({
        id: 'start-lab',
        group: 'Lab',
        label: choice.isLocal ? 'Start lab' : `Connect to ${choice.chosen}`,
        run: () =>
          void router
            .push('/lab')
            .then(() => lab.start(defaultParameters.slots, defaultParameters.planes, choice.chosen)),
      })
    }
    if (labKind === 'running' && runs.active === null) {
      commands.push({
        id: 'stop-lab',
        group: 'Lab',
        label: lab.running?.name === localLab ? 'Stop lab' : 'Disconnect the lab',
        run: () => void lab.stop(),
      })
    }
    for (const { value, label } of choice.options) {
      if (value === choice.chosen && router.currentRoute.value.path === '/lab') continue
      commands.push({
        id: `show-lab ${value}`,
        group: 'Lab',
        label: value === localLab ? 'Show the local lab' : `Show lab ${label}`,
        run: () => {
          choice.choose(value)
          void router.push('/lab')
        },
      })
    }
    const { running } = lab
    if (running && running.name !== localLab) {
      for (const { hostId } of running.hosts) {
        commands.push({
          id: `host ${hostId}`,
          group: 'Lab',
          label: `Open host ${hostId}`,
          run: () => void router.push(`/labs/${running.name}/hosts/${hostId}`),
        })
      }
    }
    for (const host of lab.hosts) {
      const way = wayBack(host)
      if (way === null) continue
      commands.push({
        id: `restart ${host.hostId}`,
        group: 'Lab',
        label: `${way} ${host.hostId}`,
        run: () => void toasts.guard(() => lab.restartHost(host.hostId)),
      })
    }
    const run = runs.active
    if (run) {
      const { runId } = run
      commands.push({
        id: 'open-run',
        group: 'Run',
        label: `Open run ${run.name}`,
        run: () => void router.push(`/runs/${runId}`),
      })
      if (run.state.kind === 'running') {
        commands.push({
          id: 'pause-run',
          group: 'Run',
          label: 'Pause run',
          run: () => void toasts.guard(() => runs.pause(runId)),
        })
      } else if (run.state.kind === 'paused') {
        commands.push({
          id: 'resume-run',
          group: 'Run',
          label: 'Resume run',
          run: () => void toasts.guard(() => runs.resume(runId)),
        })
      }
      commands.push({
        id: 'cancel-run',
        group: 'Run',
        label: 'Cancel run',
        run: () => void toasts.guard(() => runs.cancel(runId)),
      })
    }
    return commands
  })

  useCommands(computed(() => [...everywhere, ...possibleNow.value]))

  onScopeDispose(
    desktop.onCommand((command) => {
      switch (command) {
        case 'command-palette':
          registry.paletteOpen = true
          return
        case 'settings':
          return void router.push('/settings')
        case 'toggle-log':
          settings.logOpen = !settings.logOpen
          return
        case 'shortcuts':
          registry.helpOpen = true
          return
        case 'open-experiment':
          return void router.push({ path: '/experiments', query: { open: 'file' } })
        case 'new-experiment':
          return void router.push({ path: '/experiments', query: { open: 'new' } })
      }
    }),
  )
}
