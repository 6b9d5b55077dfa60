import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { samplesOf } from '../../testing/prometheus'
import { HttpMetrics } from './http-metrics'

test('answers are counted by route, method and class of status, refusals too', async () => {
  const http = new HttpMetrics()
  const app = new Hono()
  app.use(http.count)
  app.use('/closed', (c) => Promise.resolve(c.text('', 403)))
  app.get('/models/:id', (c) => c.text('one'))
  app.post('/ask', () => {
    throw new Error('too many wait')
  })
  app.get('/closed', (c) => c.text('never'))
  app.onError((_error, c) => c.text('', 429))
  for (const path of ['/models/a', '/models/b', '/closed', '/nowhere']) await app.request(path)
  await app.request('/ask', { method: 'POST' })
  const samples = samplesOf(await http.text())
  expect(Object.fromEntries(samples)).toEqual({
    'http_requests_total{handler="/models/:id",method="GET",status="2xx"}': 2,
    'http_requests_total{handler="/closed",method="GET",status="4xx"}': 1,
    'http_requests_total{handler="none",method="GET",status="4xx"}': 1,
    'http_requests_total{handler="/ask",method="POST",status="4xx"}': 1,
  })
})
