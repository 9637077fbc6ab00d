// The upstream SDK as the consumer of a Keyhole provider: heartbeat, load with progress, a streamed
// completion, stats, unload. Tokens go to standard output, steps to standard error.
//   LOOPBACK_DHT_PORT=port node consumer.mjs KEY [MODEL] [PROMPT]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const [providerPublicKey, modelSrc = 'tiny-chat', prompt = 'Hello! What is Keyhole?'] = process.argv.slice(2)
process.env.HOME = mkdtempSync(path.join(tmpdir(), 'keyhole-upstream-'))
process.env.QVAC_WORKER_PATH = path.resolve('worker.mjs')
process.on('exit', () => rmSync(process.env.HOME, { recursive: true, force: true }))
setTimeout(() => { console.error('gave up after 60 s'); process.exit(124) }, 60_000).unref()

const sdk = await import('@qvac/sdk')
const delegate = { providerPublicKey, timeout: 20_000 }
const step = (name, value) => console.error(name, value === undefined ? '' : JSON.stringify(value))
let status = 1
try {
  step('heartbeat', await sdk.heartbeat({ delegate }))
  const modelId = await sdk.loadModel({
    modelSrc,
    modelType: 'llm',
    delegate,
    onProgress: progress => step('progress', progress.percentage)
  })
  step('loaded', modelId)
  const run = sdk.completion({ modelId, history: [{ role: 'user', content: prompt }], stream: true })
  let tokens = 0
  for await (const token of run.tokenStream) {
    tokens++
    process.stdout.write(token)
  }
  process.stdout.write('\n')
  step('stats', await run.stats)
  const final = await run.final
  if (tokens === 0 || final.contentText !== await run.text) throw new Error('the answer is not whole')
  await sdk.unloadModel({ modelId, autoClose: false })
  step('unloaded')
  status = 0
} catch (error) {
  step('failed', { name: error?.name, code: error?.code, message: error?.message })
}
await sdk.close()
process.exit(status)
