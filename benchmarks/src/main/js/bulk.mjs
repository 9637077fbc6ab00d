// One end of a transfer with the original packages:
//   node bulk.mjs send|receive WARM_UP_BYTES BYTES MESSAGE_BYTES NODE_MODULES
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [role, warmUp, bytes, messageBytes, modules] = process.argv.slice(2)
const total = Number(warmUp) + Number(bytes)
const require = createRequire(modules + '/')
const UDX = require('udx-native')
const NoiseSecretStream = require('@hyperswarm/secret-stream')

const udx = new UDX()
const socket = udx.createSocket()
socket.bind(0, '127.0.0.1')
const id = Math.floor(Math.random() * 0x7fffffff)
const raw = udx.createStream(id)
console.log(socket.address().port + ' ' + id)

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const [port, remoteId] = (await lines.next()).value.split(' ').map(Number)
raw.connect(socket, remoteId, port, '127.0.0.1')
const stream = new NoiseSecretStream(role === 'send', raw, {})
stream.on('error', (err) => {
  console.error(err)
  process.exit(1)
})
await stream.opened

let moved = 0
let first
let processorAtFirst

await (role === 'send' ? send() : receive())
const { user, system } = process.cpuUsage(processorAtFirst)
console.log(process.hrtime.bigint() - first + ' ' + (user + system) * 1000)
await lines.next()
process.exit(0)

function move(bytes) {
  moved += bytes
  if (first === undefined && moved >= Number(warmUp)) {
    first = process.hrtime.bigint()
    processorAtFirst = process.cpuUsage()
  }
}

async function send() {
  const message = Buffer.alloc(Number(messageBytes), 7)
  while (moved < total) {
    move(message.length)
    if (!stream.write(Buffer.from(message))) await new Promise((resolve) => stream.once('drain', resolve))
  }
  await new Promise((resolve) => stream.once('data', resolve))
}

function receive() {
  return new Promise((resolve) => {
    stream.on('data', (data) => {
      move(data.length)
      if (moved >= total) {
        stream.write(Buffer.from('all here'))
        resolve()
      }
    })
  })
}
