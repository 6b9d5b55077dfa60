import { useRouter } from 'vue-router'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import { unwrap } from '../../desktop-api'
import { useEngine } from '../../engine'
import { useInventories } from '../../stores/inventories'
import { useNewLab } from '../../stores/new-lab'
import { useToasts } from '../../stores/toasts'

/** Ways to a new lab; each ends in its editor, and nothing is kept before it is saved there. */
export function useNewLabs() {
  const { desktop } = useEngine()
  const inventories = useInventories()
  const beginning = useNewLab()
  const toasts = useToasts()
  const router = useRouter()

  /** A name that no lab has. */
  function freeLabName(stem: string): string {
    const taken = new Set([...inventories.names, 'local', 'simulated'])
    if (!taken.has(stem)) return stem
    for (let i = 2; ; i++) if (!taken.has(`${stem}-${i}`)) return `${stem}-${i}`
  }

  function begin(yaml: string): void {
    beginning.yaml = yaml
    void router.push('/labs/new')
  }

  function empty(): void {
    begin(`name: ${freeLabName('lab')}\nhosts: []\n`)
  }

  function fromTemplate(): void {
    begin(inventoryYaml({ ...testbedTemplate(), name: freeLabName('testbed') }))
  }

  async function fromFile(): Promise<void> {
    await toasts.guard(async () => {
      const file = unwrap(await desktop.openInventoryFile())
      if (file) begin(file.text)
    })
  }

  return { empty, fromTemplate, fromFile, begin, freeLabName }
}
