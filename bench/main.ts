import { benchFetchBlock } from './fetch-block'

const report = { fetchBlock: await benchFetchBlock() }
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
