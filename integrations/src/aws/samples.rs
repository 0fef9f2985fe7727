//! Example deliveries: every fixture, the plainest of each kind first. Those of SNS have its headers.

use crate::integration::{Sample, sample};

/// SNS calls its JSON plain text.
const PLAIN: &str = "text/plain; charset=UTF-8";
const AGENT: &str = "Amazon Simple Notification Service Agent";

#[rustfmt::skip]
pub(super) static CLOUDWATCH: &[Sample] = &[
    sample!("cloudwatch/alarm/firing.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm/computed.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm/harmless_raw.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification"), ("x-amz-sns-rawdelivery", "true")]),
    sample!("cloudwatch/alarm/no_data.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm/old_without_arn.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm/over.json", "alarm", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm_state_change/firing.json", "CloudWatch Alarm State Change"),
    sample!("cloudwatch/alarm_state_change/bare.json", "CloudWatch Alarm State Change"),
    sample!("cloudwatch/alarm_state_change/in_a_message.json", "CloudWatch Alarm State Change", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/alarm_state_change/no_data.json", "CloudWatch Alarm State Change"),
    sample!("cloudwatch/alarm_state_change/over.json", "CloudWatch Alarm State Change"),
    sample!("cloudwatch/build/succeeded.json", "CodeBuild Build State Change"),
    sample!("cloudwatch/build/failed_from_bucket.json", "CodeBuild Build State Change"),
    sample!("cloudwatch/build/in_progress.json", "CodeBuild Build State Change"),
    sample!("cloudwatch/build/timed_out_bare.json", "CodeBuild Build State Change"),
    sample!("cloudwatch/deployment/success.json", "CodeDeploy Deployment State-change Notification"),
    sample!("cloudwatch/deployment/failure_staging.json", "CodeDeploy Deployment State-change Notification"),
    sample!("cloudwatch/deployment/ready.json", "CodeDeploy Deployment State-change Notification"),
    sample!("cloudwatch/deployment/start.json", "CodeDeploy Deployment State-change Notification"),
    sample!("cloudwatch/deployment/stop.json", "CodeDeploy Deployment State-change Notification"),
    sample!("cloudwatch/event/unknown.json", "EC2 Instance State-change Notification"),
    sample!("cloudwatch/event/cut_short.json", "unknown"),
    sample!("cloudwatch/notification/plain_text.json", "Notification", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("cloudwatch/pipeline/succeeded.json", "CodePipeline Pipeline Execution State Change"),
    sample!("cloudwatch/pipeline/failed.json", "CodePipeline Pipeline Execution State Change"),
    sample!("cloudwatch/pipeline/started.json", "CodePipeline Pipeline Execution State Change"),
    sample!("cloudwatch/pipeline/stopping.json", "CodePipeline Pipeline Execution State Change"),
    sample!("cloudwatch/pipeline/superseded.json", "CodePipeline Pipeline Execution State Change"),
    sample!("cloudwatch/subscription/asked.json", "SubscriptionConfirmation", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "SubscriptionConfirmation")]),
    sample!("cloudwatch/subscription/ended.json", "UnsubscribeConfirmation", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "UnsubscribeConfirmation")]),
];

#[rustfmt::skip]
pub(super) static ECS: &[Sample] = &[
    sample!("ecs/action/steady.json", "ECS Service Action"),
    sample!("ecs/action/capacity.json", "ECS Service Action"),
    sample!("ecs/action/impaired.json", "ECS Service Action"),
    sample!("ecs/action/placement_failure.json", "ECS Service Action"),
    sample!("ecs/deployment/completed.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/failed.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/in_progress.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/old_arn.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/rolling_back.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/staging_in_a_message.json", "ECS Deployment State Change", [("content-type", PLAIN), ("user-agent", AGENT), ("x-amz-sns-message-type", "Notification")]),
    sample!("ecs/deployment/unknown_state.json", "ECS Deployment State Change"),
    sample!("ecs/deployment/without_service.json", "ECS Deployment State Change"),
    sample!("ecs/event/unknown.json", "ECS Container Instance State Change"),
    sample!("ecs/event/empty.json", "unknown"),
    sample!("ecs/task/running.json", "ECS Task State Change"),
    sample!("ecs/task/exited_with_error.json", "ECS Task State Change"),
    sample!("ecs/task/failed_to_start.json", "ECS Task State Change"),
    sample!("ecs/task/one_off.json", "ECS Task State Change"),
    sample!("ecs/task/provisioning.json", "ECS Task State Change"),
    sample!("ecs/task/stopped_by_scheduler.json", "ECS Task State Change"),
    sample!("ecs/task/two_containers.json", "ECS Task State Change"),
    sample!("ecs/task/without_containers.json", "ECS Task State Change"),
];
