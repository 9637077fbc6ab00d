// One thing done with the DHT by the original, by hand.
//   node dht-peer.mjs COMMAND --bootstrap H:P [options]
//     put-immutable --value HEX                     HASH HEX
//     get-immutable --hash HEX                      VALUE HEX, or NONE
//     put-mutable --seed HEX --value HEX --seq N    PUT KEY SEQ SIGNATURE
//     get-mutable --key KEY [--seq N]               VALUE SEQ HEX SIGNATURE, or NONE
//     announce --seed HEX --topic HEX               ANNOUNCED KEY; stays
//     lookup --topic HEX                            PEER KEY each, then DONE N
//     sleeper --seed HEX                            PUBKEY KEY; SUSPEND and RESUME on stdin
//     pool --connect KEY                            POOLED true, if a second connect is the same stream;
//                                                   waits for data before it asks
import { createInterface } from 'node:readline'
import { keyPair, node, onQuit, options, say } from './common.mjs'

const command = process.argv[2]
const opts = options(process.argv.slice(3))
const dht = node(opts)
const bytes = name => Buffer.from(opts[name], 'hex')
const hex = buffer => buffer.toString('hex')

const commands = {
  async 'put-immutable' () {
    const { hash } = await dht.immutablePut(bytes('value'))
    say(`HASH ${hex(hash)}`)
  },
  async 'get-immutable' () {
    const found = await dht.immutableGet(bytes('hash'))
    say(found ? `VALUE ${hex(found.value)}` : 'NONE')
  },
  async 'put-mutable' () {
    const pair = keyPair(opts)
    const put = await dht.mutablePut(pair, bytes('value'), { seq: Number(opts.seq) })
    say(`PUT ${hex(pair.publicKey)} ${put.seq} ${hex(put.signature)}`)
  },
  async 'get-mutable' () {
    const found = await dht.mutableGet(bytes('key'), { seq: Number(opts.seq || 0), latest: true })
    say(found ? `VALUE ${found.seq} ${hex(found.value)} ${hex(found.signature)}` : 'NONE')
  },
  async announce () {
    const pair = keyPair(opts)
    const topic = bytes('topic')
    await dht.announce(topic, pair).finished()
    onQuit(async () => { await dht.unannounce(topic, pair); await dht.destroy() })
    say(`ANNOUNCED ${hex(pair.publicKey)}`)
    return true
  },
  async lookup () {
    const keys = new Set()
    for await (const { peers } of dht.lookup(bytes('topic'))) {
      for (const { publicKey } of peers) keys.add(hex(publicKey))
    }
    for (const key of keys) say(`PEER ${key}`)
    say(`DONE ${keys.size}`)
  },
  async sleeper () {
    const server = dht.createServer(connection => {
      connection.on('error', () => {})
      connection.pipe(connection)
    })
    await server.listen(keyPair(opts))
    createInterface({ input: process.stdin }).on('line', async line => {
      if (line === 'SUSPEND') { await dht.suspend(); say('SUSPENDED') }
      if (line === 'RESUME') { await dht.resume(); say('RESUMED') }
    })
    onQuit(async () => { await server.close(); await dht.destroy() })
    say(`PUBKEY ${hex(server.publicKey)}`)
    return true
  },
  async pool () {
    const pool = dht.pool()
    const first = dht.connect(bytes('connect'), { pool })
    first.on('error', () => {})
    await new Promise(resolve => first.once('data', resolve))
    const second = dht.connect(bytes('connect'), { pool })
    say(`POOLED ${first === second}`)
    first.destroy()
  }
}

const stays = await commands[command]()
if (!stays) {
  await dht.destroy()
  process.exit(0)
}
