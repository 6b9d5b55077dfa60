import { inventory, type Inventory } from './inventory'

/** Planes of the paper's constellation: each NUC carries one. */
const planes = [0, 1, 2, 3, 4]

/**
 * The paper's testbed (arXiv 2505.14427): five NUCs with a plane each, and a Jetson that carries the model. Names stand for
 * addresses and `lab` for the user; both are to be replaced by the lab's own.
 */
export function testbedTemplate(): Inventory {
  return inventory.parse({
    name: 'testbed',
    description: 'Five NUCs with a plane each, and a Jetson for the model.',
    hosts: [
      ...planes.map((plane) => {
        const name = `nuc${plane + 1}`
        return { role: 'satellite', name, address: name, user: 'lab', planes: [plane] }
      }),
      { role: 'inference', name: 'jetson', address: 'jetson', user: 'lab', models: true },
    ],
  })
}
