// A provider of delegated inference written on the original network packages. What it answers
// depends on the model that is asked for. Tells the test every request it gets.
//   node delegation-provider.mjs --bootstrap H:P [--seed HEX]      prints: PUBKEY hex, then objects
import RPC from 'bare-rpc'
import { keyPair, node, onQuit, options, say, tell } from './common.mjs'

const opts = options(process.argv.slice(2))
const dht = node(opts)
const loaded = new Map()
const running = new Map()

const server = dht.createServer(connection => {
  tell({ event: 'open', key: connection.remotePublicKey.toString('hex') })
  connection.on('error', () => {})
  connection.on('close', () => tell({ event: 'close' }))
  // eslint-disable-next-line no-new
  new RPC(connection, request => answer(request, connection))
})
await server.listen(keyPair(opts))
onQuit(async () => { await server.close(); await dht.destroy() })
say(`PUBKEY ${server.publicKey.toString('hex')}`)

function answer (request, connection) {
  const message = JSON.parse(request.data.toString())
  tell({ event: 'request', message })
  const methods = { heartbeat, loadModel, completionStream, unloadModel, cancel }
  const method = methods[message.type]
  if (!method) return reply(request, { type: 'error', message: `unknown type ${message.type}` })
  method(request, message, connection)
}

function heartbeat (request) {
  reply(request, { type: 'heartbeat', number: 42 })
}

async function loadModel (request, message) {
  if (message.modelSrc === 'missing') {
    const error = { type: 'error', message: 'no such model here', name: 'MODEL_NOT_FOUND', code: 52002 }
    return message.withProgress ? finish(request.createResponseStream(), error) : reply(request, error)
  }
  if (message.modelSrc === 'unwilling') {
    return reply(request, { type: 'loadModel', success: false, error: 'not today' })
  }
  const modelId = 'model-' + message.modelSrc
  loaded.set(modelId, message.modelSrc)
  const done = { type: 'loadModel', success: true, modelId }
  if (!message.withProgress) return reply(request, done)
  const stream = request.createResponseStream()
  for (const percentage of [25, 50, 100]) {
    line(stream, { type: 'modelProgress', downloaded: percentage * 10, total: 1000, percentage, downloadKey: 'k' })
  }
  finish(stream, done)
}

async function completionStream (request, message, connection) {
  const stream = request.createResponseStream()
  stream.on('error', () => {})
  const kind = loaded.get(message.modelId)
  if (kind === undefined) {
    return finish(stream, { type: 'error', message: `no model ${message.modelId}`, name: 'MODEL_NOT_FOUND', code: 52002 })
  }
  if (kind === 'silent') return
  let seq = 0
  const words = ['Grüße', ' from', ' JavaScript', ' 🙂', '.']
  const send = text => line(stream, { type: 'completionStream', events: [{ type: 'contentDelta', seq: seq++, text }] })
  const end = (stopReason, fullText) => finish(stream, {
    type: 'completionStream',
    done: true,
    events: [
      { type: 'completionStats', seq: seq++, stats: { timeToFirstToken: 1, tokensPerSecond: 100, generatedTokens: seq, promptTokens: 3 } },
      { type: 'completionDone', seq: seq++, ...(stopReason ? { stopReason } : {}), raw: { fullText } }
    ]
  })
  if (kind === 'fails') {
    send(words[0])
    return finish(stream, { type: 'error', message: 'the engine broke in mid-stream' })
  }
  if (kind === 'vanishes') {
    send(words[0])
    return setTimeout(() => connection.destroy(), 50)
  }
  if (kind === 'endless') {
    const timer = setInterval(() => send('again '), 20)
    running.set(message.requestId, () => {
      clearInterval(timer)
      end('cancelled', 'again ')
    })
    stream.on('close', () => clearInterval(timer))
    return
  }
  if (kind === 'cut') {
    // Messages cut at every byte: nothing promises that a chunk ends with a line.
    for (const word of words) {
      const text = JSON.stringify({ type: 'completionStream', events: [{ type: 'contentDelta', seq: seq++, text: word }] }) + '\n'
      for (const byte of Buffer.from(text)) stream.write(Buffer.from([byte]))
    }
    return end('', words.join(''))
  }
  for (const word of words) send(word)
  end('', words.join(''))
}

function unloadModel (request, message) {
  const success = loaded.delete(message.modelId)
  reply(request, { type: 'unloadModel', success })
}

function cancel (request, message) {
  const stop = running.get(message.requestId)
  running.delete(message.requestId)
  if (stop) stop()
  reply(request, { type: 'cancel', success: true, cancelled: stop ? 1 : 0 })
}

function reply (request, object) {
  request.reply(JSON.stringify(object))
}

function line (stream, object) {
  stream.write(JSON.stringify(object) + '\n')
}

function finish (stream, object) {
  stream.end(JSON.stringify(object) + '\n')
}
