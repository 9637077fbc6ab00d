// A blind relay.
//   node relay.mjs --bootstrap H:P [--seed HEX]
// Prints RELAY KEY; at each pair PAIRED N, the number of streams forwarded so far.
import { Server } from 'blind-relay'
import { keyPair, node, onQuit, options, say } from './common.mjs'

const opts = options(process.argv.slice(2))
const dht = node(opts, { firewalled: false })
const relay = new Server({
  createStream: streamOptions => dht.createRawStream({ ...streamOptions, framed: true })
})
let pairs = 0

const server = dht.createServer({ shareLocalAddress: false }, connection => {
  connection.on('error', () => {})
  const session = relay.accept(connection, { id: connection.remotePublicKey })
  session.on('error', () => {})
  session.on('pair', isInitiator => { if (isInitiator) say(`PAIRED ${++pairs}`) })
})
await server.listen(keyPair(opts))
onQuit(async () => { await relay.close(); await server.close(); await dht.destroy() })
say(`RELAY ${server.publicKey.toString('hex')}`)
