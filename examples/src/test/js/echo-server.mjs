// Sends back what connections bring.
//   node echo-server.mjs --bootstrap H:P [--seed HEX] [--firewall-allow KEY,KEY] [--no-lan]
//       [--relay-through KEY] [--no-punch] [--shut]
// Prints PUBKEY KEY; per connection OPEN KEY and CLOSE KEY CODE; DENY KEY.
import { keyPair, node, onQuit, options, relayThrough, say, shutNat } from './common.mjs'

const opts = options(process.argv.slice(2))
const dht = node(opts)
const allowed = opts['firewall-allow'] ? new Set(opts['firewall-allow'].split(',')) : null

if (opts.shut) shutNat(dht)

const server = dht.createServer({
  relayThrough: relayThrough(opts),
  holepunch: opts['no-punch'] ? false : undefined,
  shareLocalAddress: !opts['no-lan'],
  firewall (remotePublicKey) {
    const key = remotePublicKey.toString('hex')
    if (allowed === null || allowed.has(key)) return false
    say(`DENY ${key}`)
    return true
  }
}, connection => {
  const key = connection.remotePublicKey.toString('hex')
  let code = '-'
  say(`OPEN ${key}`)
  connection.on('error', error => { code = error.code || 'ERROR' })
  connection.on('close', () => say(`CLOSE ${key} ${code}`))
  connection.pipe(connection)
})
await server.listen(keyPair(opts))
onQuit(async () => { await server.close(); await dht.destroy() })
say(`PUBKEY ${server.publicKey.toString('hex')}`)
