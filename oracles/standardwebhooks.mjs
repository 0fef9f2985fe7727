// Standard Webhooks v1, GitLab's signing tokens among them, by npm standardwebhooks and by npm svix.
import * as reference from 'standardwebhooks'
import * as svix from 'svix'
import { accepts, Report, vectors } from './vectors.mjs'

const OURS = ['standard-webhooks', 'svix', 'gitlab-standard-webhooks']

// The reference library knows only its own header names; svix takes both, and mixed.
const LIBRARIES = [
  { name: 'standardwebhooks', Webhook: reference.Webhook, families: ['webhook'], looser: [] },
  { name: 'svix', Webhook: svix.Webhook, families: ['webhook', 'svix'], looser: ['two families mixed'] },
]

const isHmac = (vector) => vector.secret.startsWith('whsec_') || vector.source === 'generic'
const complete = (headers, family) => ['id', 'timestamp', 'signature'].every((part) => headers[`${family}-${part}`])

let failed = 0
for (const { name, Webhook, families, looser } of LIBRARIES) {
  const report = new Report(name)
  for (const vector of [...vectors('generic'), ...vectors('gitlab')].filter(isHmac)) {
    const { secret, body, headers, now } = vector
    if (/^wh[ps]k_/.test(secret)) continue // hmac_vectors.py
    const family = families.find((family) => complete(headers, family))
    if (!family && OURS.includes(vector.expect)) continue
    report.compare(vector, await accepts(now, () => new Webhook(secret).verify(body, headers)), OURS, looser)
    if (!OURS.includes(vector.expect)) continue
    const time = new Date(Number(headers[`${family}-timestamp`]) * 1000)
    const made = new Webhook(secret).sign(headers[`${family}-id`], time, body)
    const committed = headers[`${family}-signature`].split(' ')
    report.equal(`${vector.source}: ${vector.name}: its signature is among ours`, committed.includes(made), true)
  }
  report.end()
  failed |= process.exitCode
}
process.exitCode = failed
