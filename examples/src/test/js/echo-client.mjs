// Sends a payload and checks that the same comes back.
//   node echo-client.mjs --bootstrap H:P --connect KEY [--bytes N] [--payload-seed S] [--count K]
//       [--concurrency C] [--seed HEX] [--hold] [--no-lan] [--relay-through KEY] [--no-punch] [--shut]
// Prints OPEN MS, then OK SHA256 MS or ERR CODE MS text; at the end DONE OKS FAILURES MS.
import { createHash } from 'node:crypto'
import { keyPair, node, onQuit, options, relayThrough, say, sayMoves, shutNat } from './common.mjs'

const opts = options(process.argv.slice(2))
const bytes = Number(opts.bytes || 1024)
const count = Number(opts.count || 1)
const concurrency = Number(opts.concurrency || 1)
const dht = node(opts)
const own = keyPair(opts)
const key = Buffer.from(opts.connect, 'hex')
const begin = Date.now()
let oks = 0
let failures = 0
let started = 0

if (opts.shut) shutNat(dht)
if (opts.hold) onQuit(() => dht.destroy({ force: true }))
await Promise.all(Array.from({ length: concurrency }, worker))
say(`DONE ${oks} ${failures} ${Date.now() - begin}`)
await dht.destroy()
process.exit(failures === 0 ? 0 : 1)

async function worker () {
  while (started < count) {
    started++
    await one()
  }
}

function one () {
  const asked = Date.now()
  let opened = asked
  return new Promise(resolve => {
    const connection = dht.connect(key, {
      keyPair: own,
      localConnection: !opts['no-lan'],
      relayThrough: relayThrough(opts),
      holepunch: opts['no-punch'] ? () => false : undefined,
      fastOpen: !opts['no-punch']
    })
    const sent = payload(Number(opts['payload-seed'] || 1), bytes)
    const hash = createHash('sha256')
    let received = 0
    let settled = false
    const fail = (code, text) => {
      if (settled) return
      settled = true
      failures++
      say(`ERR ${code} ${Date.now() - asked} ${text}`)
      connection.destroy()
    }
    connection.on('open', () => {
      opened = Date.now()
      say(`OPEN ${opened - asked}`)
      if (opts['relay-through']) sayMoves(connection)
      write(connection, sent)
    })
    connection.on('data', chunk => {
      if (!sent.subarray(received, received + chunk.length).equals(chunk)) {
        return fail('ECHO_DIFFERS', `at byte ${received}`)
      }
      hash.update(chunk)
      received += chunk.length
      if (received === bytes && !settled) {
        settled = true
        oks++
        say(`OK ${hash.digest('hex')} ${Date.now() - opened}`)
        if (opts.hold) say('HELD')
        else connection.end()
      }
    })
    connection.on('error', error => {
      if (settled) { if (opts.hold) say(`CLOSE ${error.code || 'ERROR'}`) } else fail(error.code || 'ERROR', error.message)
    })
    connection.on('close', () => {
      if (!settled) fail('ECHO_SHORT', `${received} of ${bytes} bytes`)
      resolve()
    })
  })
}

async function write (connection, data) {
  const step = 65536
  for (let at = 0; at < data.length; at += step) {
    if (connection.destroyed) return
    if (!connection.write(data.subarray(at, at + step))) {
      await new Promise(resolve => { connection.once('drain', resolve); connection.once('close', resolve) })
    }
  }
}

function payload (seed, length) {
  const out = Buffer.alloc(Math.ceil(length / 4) * 4)
  let x = seed >>> 0
  for (let at = 0; at < out.length; at += 4) {
    x ^= x << 13; x >>>= 0
    x ^= x >>> 17
    x ^= x << 5; x >>>= 0
    out.writeUInt32LE(x, at)
  }
  return out.subarray(0, length)
}
