//! Amazon Web Services: `cloudwatch` and `ecs`, which take the same deliveries by two names.
//!
//! A delivery is a message of SNS, signed, or an event of EventBridge from an API destination, with a token. A message
//! of SNS holds an alarm of CloudWatch or an event of EventBridge as text; with raw delivery that text is the body.
//! A subscription is confirmed only when SNS's signature proved it, at an address made here, never at the one that
//! it says. What a delivery is, is read from its body: SNS calls its JSON plain text.

mod alarms;
mod ecs;
mod envelope;
mod pipelines;
mod samples;
mod tasks;

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::json;

use crate::integration::{Delivery, Field, Greeting, Incoming, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Sns};
use crate::schemes::ANY_TOKEN;
use crate::verify::{Message, host, region_of};
use envelope::ALARM;

/// What both have in common.
const AWS: Integration = Integration {
    manners: Manners {
        deadline_seconds: Some(5),
        refused: After::GivesUp,
        // EventBridge comes again after a 429, SNS does not.
        limited: After::GivesUp,
        failed: After::Retries,
        note: "EventBridge waits 5 seconds and tries for 24 hours; SNS waits 15 seconds and tries 3 times more, unless \
               the topic's delivery policy says otherwise.",
    },
    schemes: &[Scheme::Sns(Sns { window_seconds: 3600 }), ANY_TOKEN],
    kind: Field::Read(kind),
    key: Field::First(&[Field::Body(&["/MessageId"]), Field::Body(&["/id"])]),
    kept_headers: &["x-amz-sns-message-id", "x-amz-sns-message-type", "x-amz-sns-topic-arn"],
    kept_body: Some(envelope::without_token),
    greeting: Some(greet),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "Amazon/EventBridge/ApiDestinations")],
    ..Integration::USUAL
};

pub(crate) static CLOUDWATCH: Integration = Integration {
    name: "cloudwatch",
    title: "Amazon CloudWatch",
    setup: Setup {
        paste: "SNS → Topic → Create subscription: protocol HTTPS, the URL as endpoint; set the topic's SignatureVersion \
                to 2 and list its ARN. Or EventBridge → API destinations: the URL, an API key named x-webhook-token",
        ticks: "CloudWatch Alarm State Change, CodePipeline Pipeline Execution State Change, CodeBuild Build State \
                Change, CodeDeploy Deployment State-change Notification",
        docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    },
    secret_setting: "CLOUDWATCH_WEBHOOK_SECRET",
    normalize: Normalizer::Coded(|delivery, rules| normalize("cloudwatch", delivery, rules)),
    samples: samples::CLOUDWATCH,
    ..AWS
};

pub(crate) static ECS: Integration = Integration {
    name: "ecs",
    title: "Amazon ECS",
    setup: Setup {
        paste: "EventBridge → API destinations: the URL, an API key named x-webhook-token; then a rule for the source \
                aws.ecs with it as target. Or the rule's target is an SNS topic with an HTTPS subscription",
        ticks: "ECS Deployment State Change, ECS Task State Change, ECS Service Action",
        docs: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html",
    },
    secret_setting: "ECS_WEBHOOK_SECRET",
    normalize: Normalizer::Coded(|delivery, rules| normalize("ecs", delivery, rules)),
    samples: samples::ECS,
    ..AWS
};

fn kind(incoming: &Incoming<'_>) -> Option<String> {
    envelope::kind(incoming.body)
}

/// Confirms the subscription that SNS's signature proved. The address is made of signed fields.
fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    if delivery.kind != Message::SUBSCRIPTION {
        return None;
    }
    let message = Message::read(delivery.body)?;
    let host = host(region_of(&message.topic)?);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "ConfirmSubscription")
        .append_pair("TopicArn", &message.topic)
        .append_pair("Token", message.token.as_ref()?)
        .finish();
    Some(Greeting::Call { url: format!("https://{host}/?{query}"), answer: json!({}) })
}

fn normalize(source: &'static str, delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let body = envelope::inner(delivery.body)?;
    let read = |body: &[u8]| match delivery.kind {
        ALARM => alarms::message_drafts(source, json::read(body)?, rules),
        "CloudWatch Alarm State Change" => alarms::event_drafts(source, json::read(body)?, rules),
        "CodePipeline Pipeline Execution State Change" => pipelines::pipeline_drafts(source, json::read(body)?, rules),
        "CodeBuild Build State Change" => pipelines::build_drafts(source, json::read(body)?, rules),
        "CodeDeploy Deployment State-change Notification" => pipelines::deployment_drafts(json::read(body)?, rules),
        "ECS Deployment State Change" => ecs::deployment_drafts(source, json::read(body)?, rules),
        "ECS Service Action" => ecs::action_drafts(source, json::read(body)?, rules),
        "ECS Task State Change" => tasks::drafts(source, json::read(body)?, rules),
        Message::SUBSCRIPTION => Err(Unreadable::new(
            "a subscription that is not confirmed: list the topic, so that the message's signature is checked",
        )),
        Message::UNSUBSCRIPTION => {
            Err(Unreadable::new("a subscription has ended: subscribe again if nobody meant it to"))
        }
        _ => Err(envelope::no_meaning(body)),
    };
    match read(&body) {
        Err(why) if why.repeats => read(&json::last_of_each(&body)?),
        other => other,
    }
}
