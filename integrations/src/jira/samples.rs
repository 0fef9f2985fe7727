//! Example deliveries: every fixture, the plainest of each folder first.

use crate::integration::{Sample, sample};

#[rustfmt::skip]
pub(super) static SAMPLES: &[Sample] = &[
    sample!("jira/issue/moved.json", "jira:issue_updated"),
    sample!("jira/issue/created.json", "jira:issue_created"),
    sample!("jira/issue/by_app.json", "jira:issue_updated"),
    sample!("jira/issue/closed.json", "jira:issue_updated"),
    sample!("jira/issue/created_incident.json", "jira:issue_created"),
    sample!("jira/issue/closed_incident.json", "jira:issue_updated"),
    sample!("jira/issue/commented_incident.json", "jira:issue_updated"),
    sample!("jira/issue/reopened_incident.json", "jira:issue_updated"),
    sample!("jira/issue/deleted.json", "jira:issue_deleted"),
    sample!("jira/issue/deleted_incident.json", "jira:issue_deleted"),
    sample!("jira/issue/labelled_incident.json", "jira:issue_updated"),
    sample!("jira/issue/unlabelled_incident.json", "jira:issue_updated"),
    sample!("jira/issue/became_incident.json", "jira:issue_updated"),
    sample!("jira/issue/assigned.json", "jira:issue_updated"),
    sample!("jira/issue/moved_on_since.json", "jira:issue_updated"),
    sample!("jira/issue/to_another_project.json", "jira:issue_updated"),
    sample!("jira/issue/data_center.json", "jira:issue_updated"),
    sample!("jira/issue/smallest.json", "jira:issue_updated"),
    sample!("jira/comment/created.json", "comment_created"),
    sample!("jira/comment/on_closed_incident.json", "comment_created"),
    sample!("jira/version/released.json", "jira:version_released"),
    sample!("jira/version/deleted.json", "jira:version_deleted"),
    sample!("jira/version/deleted_unreleased.json", "jira:version_deleted"),
    sample!("jira/version/unreleased.json", "jira:version_unreleased"),
    sample!("jira/sprint/closed.json", "sprint_closed"),
    sample!("jira/worklog/created.json", "worklog_created"),
    sample!("jira/unknown/truncated.txt", "unknown"),
    sample!("jira/issue/wrong_types.json", "jira:issue_updated"),
    sample!("jira/issue/labels_changed_twice.json", "jira:issue_updated"),
    sample!("jira/issue/resolution_of_closed_incident.json", "jira:issue_updated"),
];
