// Slack's requests, verified by @slack/bolt.
import bolt from '@slack/bolt'
import { accepts, Report, vectors } from './vectors.mjs'

// It takes times of the future and whatever stands where the time should be, as long as it is signed.
const LOOSER = [
  'the documentation\'s example, a second too early',
  'a time with a zero before it',
  'a time with a fraction',
  'a time with an exponent',
]

const report = new Report('@slack/bolt')
for (const vector of vectors('slack')) {
  const { secret: signingSecret, body, headers, now } = vector
  const verify = () => bolt.verifySlackRequest({ signingSecret, body, headers, nowMilliseconds: now * 1000 })
  report.compare(vector, await accepts(now, verify), 'slack-v0', LOOSER)
}
report.end()
