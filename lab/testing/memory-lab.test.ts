import { describeLabHosts } from './lab-hosts-suite'
import { MemoryLab } from './memory-lab'

describeLabHosts('the lab in memory', {
  start: async (shape, _onStep, onChange) => {
    const lab = new MemoryLab(shape)
    lab.onChange(onChange)
    return lab
  },
  kill: (lab, hostId) => (lab as MemoryLab).kill(hostId),
})
