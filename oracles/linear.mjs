// Linear's deliveries, verified by @linear/sdk.
import { LinearWebhookClient } from '@linear/sdk/webhooks'
import { accepts, Report, vectors } from './vectors.mjs'

const report = new Report('@linear/sdk')
for (const vector of vectors('linear')) {
  const { secret, body, headers, now } = vector
  const verify = () =>
    new LinearWebhookClient(secret).parseVerifiedPayload(Buffer.from(body), headers['linear-signature'], headers['linear-timestamp'])
  report.compare(vector, await accepts(now, verify), 'linear-sha256')
}
report.end()
