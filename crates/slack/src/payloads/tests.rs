//! Payloads as Slack's documentation shows them, and what is none.

use serde_json::json;

use super::*;

fn form(payload: &Value) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish().into_bytes()
}

#[test]
fn a_command_is_read_and_says_what_is_missing() {
    let form = include_bytes!("../../../../integrations/fixtures/slack/slash_command/deploy.form");
    let slash = Slash::read(form).expect("a command");
    assert_eq!((slash.command.as_str(), slash.text.as_str()), ("/deploy", "shop to production & tell #shop"));
    assert_eq!((slash.user_id.as_str(), slash.channel_id.as_str()), ("U0ADA00001", "C0SHOP0001"));
    assert!(slash.response_url.starts_with("https://hooks.slack.com/"));
    let error = Slash::read(b"team_id=T1&channel_id=C1&text=x").expect_err("no user");
    assert_eq!(error.to_string(), "this is no form of a Slack command: it has no field 'user_id'");
    let twice = Slash::read(b"team_id=T1&channel_id=C1&user_id=U1&user_id=U2&command=/em").expect("a command");
    assert_eq!((twice.user_id.as_str(), twice.text.as_str()), ("U1", ""));
}

#[test]
fn a_look_at_the_address_is_told_from_a_command() {
    assert!(is_ssl_check(b"token=x&ssl_check=1"));
    for other in [&b"ssl_check=0"[..], b"ssl_check=11", b"text=ssl_check%3D1&command=/em", b""] {
        assert!(!is_ssl_check(other), "{other:?}");
    }
}

#[test]
fn a_press_says_who_pressed_what_and_where() {
    let form = include_bytes!("../../../../integrations/fixtures/slack/block_actions/button.form");
    let Ok(Interaction::Pressed(pressed)) = Interaction::read(form) else { panic!("a press") };
    assert_eq!(pressed.user.id, "U0ADA00001");
    assert_eq!(pressed.container.message_ts.as_deref(), Some("1795200247.000100"));
    assert_eq!(pressed.actions[0].value.as_deref(), Some("482"));
    assert_eq!(crate::approvals::pressed(&pressed.actions[0]), None, "another app's button");
    assert!(!pressed.container.is_ephemeral && pressed.response_url.is_some());
}

#[test]
fn a_press_in_the_home_tab_has_no_message() {
    let payload = json!({"type": "block_actions", "user": {"id": "U1"}, "team": null, "trigger_id": "1.2.a",
        "container": {"type": "view", "view_id": "V1"},
        "actions": [{"type": "button", "action_id": "approval.details", "block_id": "b", "value": "a1"}]});
    let Ok(Interaction::Pressed(pressed)) = Interaction::read(&form(&payload)) else { panic!("a press") };
    assert_eq!(crate::approvals::pressed(&pressed.actions[0]), Some((crate::approvals::Press::Details, "a1")));
    assert_eq!((pressed.container.message_ts, pressed.response_url, pressed.team), (None, None, None));
}

#[test]
fn a_modal_gives_back_what_was_written() {
    let view = json!({"callback_id": "approval.decide", "private_metadata": "{}", "state": {"values": {
        "reason": {"reason": {"type": "plain_text_input", "value": "freeze"}},
        "other": {"empty": {"type": "plain_text_input", "value": null}, "day": {"type": "datepicker"}}}}});
    let payload = json!({"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": view});
    let Ok(Interaction::Submitted(submitted)) = Interaction::read(&form(&payload)) else { panic!("a modal") };
    assert_eq!(submitted.value("reason", "reason"), Some("freeze"));
    assert_eq!((submitted.value("other", "empty"), submitted.value("none", "none")), (None, None));
    let closed = json!({"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "approval.decide"}});
    assert!(matches!(Interaction::read(&form(&closed)), Ok(Interaction::Closed(_))));
}

#[test]
fn what_is_not_known_is_nothing_to_do_and_what_is_broken_is_refused() {
    let shortcut = json!({"type": "shortcut", "callback_id": "x", "user": {"id": "U1"}, "trigger_id": "1"});
    assert!(matches!(Interaction::read(&form(&shortcut)), Ok(Interaction::Shortcut(_))));
    let unknown = Interaction::read(&form(&json!({"type": "block_suggestion"}))).expect("read");
    assert_eq!(unknown, Interaction::Unknown("block_suggestion".to_owned()));
    for broken in [
        &b""[..],
        b"payload=",
        b"payload=%7B",
        b"other=1",
        b"payload=%FF%00",
        b"payload=%7B%22type%22%3A%22block_actions%22%7D",
    ] {
        assert!(Interaction::read(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn callbacks_for_the_app_itself_are_told_apart() {
    let read = |json: Value| Callback::read(json.to_string().as_bytes()).expect("read");
    let opened = |tab| json!({"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened", "user": "U1", "tab": tab}});
    assert_eq!(
        read(json!({"type": "url_verification", "challenge": "c"})),
        Callback::UrlVerification { challenge: "c".to_owned() }
    );
    assert_eq!(read(opened("home")), Callback::HomeOpened { user_id: "U1".to_owned(), team_id: Some("T1".to_owned()) });
    assert_eq!(read(opened("messages")), Callback::Unknown("app_home_opened".to_owned()));
    assert_eq!(
        read(json!({"type": "event_callback", "team_id": "T1", "event": {"type": "app_uninstalled"}})),
        Callback::Removed { team_id: Some("T1".to_owned()) }
    );
    let joined = json!({"type": "event_callback", "event": {"type": "team_join", "user": {"id": "U1"}}});
    assert_eq!(read(joined), Callback::Unknown("team_join".to_owned()));
    assert!(Callback::read(b"null").is_err() && Callback::read(b"").is_err());
}
