import { join } from 'node:path'
import type { ConsoleApi, LogLine } from '#shared/contract/console-api'
import type { EventPayload, Handlers } from '#shared/contract/rpc'
import { builtInLabs } from '#shared/experiment/schema'
import { planesOfInventory } from '#shared/inventory/planes'
import { DocumentLoader } from './experiments/document-loader'
import type { LabEngineOptions } from './engine-options'
import { chatHandlers } from './handlers/chat-handlers'
import { experimentHandlers } from './handlers/experiment-handlers'
import { hostHandlers } from './handlers/host-handlers'
import { inventoryHandlers } from './handlers/inventory-handlers'
import { labHandlers } from './handlers/lab-handlers'
import { localModelHandlers } from './handlers/local-model-handlers'
import { modelEngineHandlers } from './handlers/model-engine-handlers'
import { modelHandlers } from './handlers/model-handlers'
import { proofHandlers } from './handlers/proof-handlers'
import { provisioningHandlers } from './handlers/provisioning-handlers'
import { runHandlers } from './handlers/run-handlers'
import { simulationHandlers } from './handlers/simulation-handlers'
import { LabService } from './hosts/lab-service'
import { ServedApi } from './hosts/served-api'
import type { StartLab } from './hosts/lab-hosts'
import { removeJournals } from './local/journals'
import { InventoryStore } from './inventory/inventory-store'
import { LabConnections } from './inventory/lab-connections'
import { localLab } from './local/local-lab'
import { HostModels } from './models/host-models'
import { LlamaInstallation } from './models/llama/llama-installation'
import { ModelChecksums } from './models/model-checksums'
import { ModelStore } from './models/model-store'
import { Preflights } from './preflight/preflights'
import { consoleIdentity } from './provisioning/console-identity'
import { ConsoleLocks } from './provisioning/console-lock'
import { sudoPassword } from './provisioning/open-host-shell'
import { LlamaPackages } from './provisioning/llama/llama-packages'
import { llamaPackagesDirectory, Provisioner, runtimesDirectory } from './provisioning/provisioner'
import { RuntimeCache } from './provisioning/runtimes/runtime-cache'
import { inventoryLab } from './remote/inventory-lab'
import { emptyVault, type SecretVault } from './secrets/secret-vault'
import { HostServices } from './service/host-services'
import { Terminals } from './terminal/terminals'
import { simulatedLab } from './simulation/system/simulated-lab'
import { LogBook } from './log-book'
import { ConstellationFeed } from './runs/constellation-feed'
import { RunBook } from './runs/run-book'
import { RunQueue } from './runs/run-queue'
import { ReplayJobs } from './simulation/replay/replay-jobs'
import { openStore } from './store/store'
import { HostProofs } from './verify/host-proofs'

export type EngineEvent = keyof ConsoleApi['events']
export type EngineListener = <E extends EngineEvent>(event: E, payload: EventPayload<ConsoleApi, E>) => void

/** Everything that the app and the command line can ask of a lab. */
export interface LabEngine {
  readonly api: Handlers<ConsoleApi>
  /** Hear every event; returns the function that ends it. */
  subscribe(listener: EngineListener): () => void
  /** Interrupt what runs (it can be resumed), stop the lab, close the database. */
  dispose(): Promise<void>
}

/** What an engine is given beside its options, which can cross to another process. */
export interface EngineParts {
  /** How every lab is started, whatever its name: for tests. */
  readonly startLab?: StartLab
  /** Where secrets lie that are to be remembered. */
  readonly vault?: SecretVault
}

/**
 * @throws SkyError `storage_locked`, `storage_corrupt`, `storage_full`, `storage_unwritable`, `version_skew`
 */
export async function createLabEngine(
  options: LabEngineOptions,
  { startLab, vault }: EngineParts = {},
): Promise<LabEngine> {
  const { nodeExecutable, agentEntry } = options
  const llama = new LlamaInstallation({ ...options.llama, dataDirectory: options.dataDirectory })
  const journalDirectory = join(options.dataDirectory, 'journals')
  const listeners = new Set<EngineListener>()
  const emit: EngineListener = (event, payload) => {
    for (const listener of listeners) listener(event, payload)
  }
  const logBook = new LogBook((lines) => emit('log', lines))
  const log = (level: LogLine['level'], text: string): void =>
    logBook.add([{ at: Date.now(), source: 'lab', level, text }])

  const store = await openStore(options.dataDirectory)
  const book = await RunBook.load({
    store,
    onChanged: (summary) => emit('runChanged', summary),
    onDeleted: (runId) => emit('runDeleted', { runId }),
    warn: (text) => log('warn', text),
  })
  const inventories = new InventoryStore(options.dataDirectory, (all) => emit('inventoriesChanged', all))
  const connections = new LabConnections({
    inventories,
    dataDirectory: options.dataDirectory,
    vault: vault ?? emptyVault('this program has no keychain'),
    env: process.env,
  })
  const locks = new ConsoleLocks(() => consoleIdentity(options.dataDirectory))
  const who = async (): Promise<string> => (await consoleIdentity(options.dataDirectory)).who
  const preflights = new Preflights(connections, (report) => emit('preflightChanged', report))
  const provisioner = new Provisioner({
    access: connections,
    dataDirectory: options.dataDirectory,
    agentEntry,
    agentVersion: options.version,
    runtimes: new RuntimeCache({ directory: runtimesDirectory(options.dataDirectory) }),
    llama: new LlamaPackages({
      directory: llamaPackagesDirectory(options.dataDirectory),
      packageFolder: () => llama.found,
    }),
    locks,
    who,
    sudoPassword: (name, host) => sudoPassword(name, host, connections.secrets),
    onChanged: (state) => emit('provisioningChanged', state),
    log: (lines) => logBook.add(lines),
  })
  const models = new ModelStore(options.dataDirectory)
  const hostModels = new HostModels({
    access: connections,
    secrets: connections.secrets,
    checksums: new ModelChecksums(options.dataDirectory),
    onTransfer: (transfer) => emit('modelTransfer', transfer),
  })
  const services = new HostServices({
    access: connections,
    secrets: connections.secrets,
    who,
    locks,
    onLog: (lines) => emit('serviceLog', lines),
    onLogEnded: (end) => emit('serviceLogEnded', end),
  })
  const terminals = new Terminals({
    onOutput: (output) => emit('terminalOutput', output),
    onClosed: (end) => emit('terminalClosed', end),
  })
  const startOf = (name: string): StartLab =>
    name === 'local'
      ? localLab({
          nodeExecutable,
          agentEntry,
          journalDirectory,
          // It may be installed while the lab runs.
          models: { packageFolder: llama.folder, modelsDirectory: join(options.dataDirectory, 'models') },
        })
      : inventoryLab(name, {
          access: connections,
          dataDirectory: options.dataDirectory,
          agentVersion: options.version,
          secrets: connections.secrets,
          locks,
          removedBy: async (host) => {
            const last = provisioner.state(name)
            const isRemoved = last?.action === 'remove' && last.hosts.some((each) => each.host === host)
            return isRemoved ? who() : null
          },
        })
  const lab = new LabService({
    startLab: (name) => startLab ?? startOf(name),
    onState: (state) => emit('labChanged', state),
    onLog: (lines) => logBook.add(lines),
  })
  const served = new ServedApi(lab)
  // Nobody starts or watches it: it runs while a simulated run does.
  const simulator = new LabService({
    startLab: () => simulatedLab(options.workerEntry),
    onState: () => undefined,
    onLog: (lines) => logBook.add(lines),
  })
  const queue = new RunQueue({
    store,
    book,
    labFor: (name) => (name === 'simulated' ? simulator : lab),
    documents: new DocumentLoader(options.documentsDirectory),
    onLive: (batch) => emit('live', batch),
    onEvent: (runId, event) => emit('runEvent', { runId, ...event }),
    onReadings: (runId, trialId, readings) =>
      emit('machinesRead', { runId, trialId, readings: [...readings] }),
    onDrained: (trialKey) => removeJournals(journalDirectory, `${trialKey}.`),
    log,
  })
  const feed = new ConstellationFeed({
    lab,
    current: () => queue.current,
    isHeard: () => listeners.size > 0,
    emit: (snapshot) => emit('constellationChanged', snapshot),
  })

  const replays = new ReplayJobs({
    workerEntry: options.workerEntry,
    onChanged: (job) => emit('replayChanged', job),
  })

  let disposed: Promise<void> | null = null
  const dispose = async (): Promise<void> => {
    feed.close()
    await replays.close()
    await queue.close()
    await lab.stop()
    await simulator.stop()
    preflights.close()
    await provisioner.close()
    terminals.closeAll()
    await services.close()
    connections.close()
    book.close()
    await store.close()
    logBook.close()
    listeners.clear()
  }

  return {
    api: {
      info: () => ({
        version: options.version,
        gitRevision: options.gitRevision,
        nodeVersion: process.versions.node,
        dataDirectory: options.dataDirectory,
        resultsDirectory: options.resultsDirectory,
      }),
      ...labHandlers({ lab, queue, served }),
      ...chatHandlers({
        lab,
        served,
        models,
        hostModels,
        onProgress: (event) => emit('chatProgress', event),
      }),
      ...experimentHandlers(),
      ...runHandlers({
        options,
        store,
        book,
        queue,
        requireLab: async (name, planes) => {
          if (startLab || (builtInLabs as readonly string[]).includes(name)) return
          const inventory = await inventories.get(name)
          for (const count of planes) planesOfInventory(inventory, count)
        },
        onDeleted: (runId) => removeJournals(journalDirectory, `${runId}.`),
      }),
      ...inventoryHandlers({
        inventories,
        connections,
        inUse: (name) =>
          lab.hosts?.name === name
            ? 'it runs'
            : provisioner.isActive(name)
              ? 'its hosts are worked on'
              : null,
      }),
      ...provisioningHandlers({
        preflights,
        provisioner,
        activeOn: (name) => (lab.hosts?.name === name ? queue.active : null),
      }),
      ...hostHandlers({ access: connections, services, terminals }),
      ...localModelHandlers(models, (progress) => emit('localModelProgress', progress)),
      ...modelHandlers(hostModels),
      ...modelEngineHandlers(llama, (progress) => emit('installProgress', progress)),
      ...proofHandlers({
        proofs: new HostProofs({
          access: connections,
          lab,
          queue,
          services,
          documentsDirectory: options.documentsDirectory,
        }),
        onProgress: (progress) => emit('proofProgress', progress),
      }),
      ...simulationHandlers({ replays, figuresDirectory: options.figuresDirectory }),
      recentLog: () => logBook.recent(),
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispose: () => (disposed ??= dispose()),
  }
}
