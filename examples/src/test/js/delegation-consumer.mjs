// A consumer of delegated inference written on the original network packages: sends the requests
// that standard input brings, one object a line, and tells the test every answer.
//   node delegation-consumer.mjs --bootstrap H:P --connect KEY [--seed HEX]
// Input:  {"send": {request}, "stream": bool, "as": "name", "leaveAfter": n}
// Output: {"as": "name", "reply" | "message" | "end" | "failed" | "left": ...}
import RPC from 'bare-rpc'
import { createInterface } from 'node:readline'
import { keyPair, node, options, tell } from './common.mjs'

const opts = options(process.argv.slice(2))
const dht = node(opts)
const connection = dht.connect(Buffer.from(opts.connect, 'hex'), { keyPair: keyPair(opts) })
connection.on('error', error => tell({ event: 'error', code: error.code, message: error.message }))
connection.on('close', () => tell({ event: 'close' }))
connection.on('open', () => tell({ event: 'open' }))
const rpc = new RPC(connection, () => {})
let command = 0

createInterface({ input: process.stdin }).on('line', text => {
  const order = JSON.parse(text)
  if (order.quit) return quit()
  if (order.drop) return connection.destroy()
  ask(order).catch(error => tell({ as: order.as, failed: error.message }))
}).on('close', quit)

async function ask (order) {
  const request = rpc.request(++command)
  request.send(JSON.stringify(order.send))
  if (!order.stream) {
    return tell({ as: order.as, reply: JSON.parse((await request.reply()).toString()) })
  }
  const stream = request.createResponseStream()
  let rest = ''
  let count = 0
  let left = false
  stream.setEncoding?.('utf8')
  stream.on('data', chunk => {
    rest += chunk.toString()
    const lines = rest.split('\n')
    rest = lines.pop()
    for (const one of lines) {
      if (left) return
      tell({ as: order.as, message: JSON.parse(one) })
      if (++count === order.leaveAfter) {
        left = true
        stream.destroy()
        tell({ as: order.as, left: true })
      }
    }
  })
  stream.on('end', () => tell({ as: order.as, end: true, rest }))
  stream.on('error', error => tell({ as: order.as, failed: error.message }))
}

async function quit () {
  const watchdog = setTimeout(() => process.exit(0), 2500)
  connection.end()
  await dht.destroy({ force: true }).catch(() => {})
  clearTimeout(watchdog)
  process.exit(0)
}
