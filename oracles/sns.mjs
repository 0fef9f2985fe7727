// Messages of SNS, verified by npm sns-payload-validator, which fetches certificates: it gets ours, and no network.
import { EventEmitter } from 'node:events'
import https from 'node:https'
import Validator from 'sns-payload-validator'
import { accepts, parseToml, read, Report } from './vectors.mjs'

// It looks at neither time, topic, chain nor headers, and only roughly at the certificate's address: these are ours.
const LOOSER = [
  'SHA-1, where it is not allowed',
  'a second too old',
  'a second too early',
  'a topic that is not ours',
  'the header says another type',
  'a certificate that has ended',
  'a certificate that has not begun',
  'a certificate for another name',
  'issued by another authority',
  'a chain to another root',
  'a chain that brings its root',
  "issued by somebody's leaf",
  "the certificate's address: the certificate of another region",
  "the certificate's address: a bucket that is named like SNS",
  "the certificate's address: another service under the name",
]

let served
https.get = (_url, _options, answer) => {
  const response = new EventEmitter()
  answer(response)
  response.emit('data', served)
  response.emit('end')
  return new EventEmitter()
}

const report = new Report('sns-payload-validator')
for (const message of parseToml(read('sns', 'messages.toml')).message) {
  served = read('sns', message.certificates[0])
  const verify = () => new Validator({ useCache: false }).validate(message.body)
  const accepted = await accepts(message.now, verify)
  report.compare({ ...message, source: 'sns' }, accepted, ['sns-v1', 'sns-v2'], LOOSER)
}
report.end()
