//! Which addresses are Amazon's: of the certificates that sign messages, and of those that vouch for them.
//!
//! Compared letter by letter with what Amazon uses; nothing is parsed and then trusted. The pattern of Amazon's own
//! libraries also takes `sns.s3-us-west-2.amazonaws.com`, a host where anybody may keep files.

const AREAS: [&str; 10] = ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx", "cn"];

/// The region of a topic: `arn:aws:sns:eu-west-1:123456789012:alarms`.
pub(crate) fn region_of(topic: &str) -> Option<&str> {
    let parts: Vec<&str> = topic.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "sns", region, _, _] => is_region(region).then_some(region),
        _ => None,
    }
}

/// The host of SNS in a region.
pub(crate) fn host(region: &str) -> String {
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("sns.{region}.amazonaws.com{end}")
}

/// `eu-west-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase());
    let number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let special = |part: &str| part == "gov" || part.strip_prefix("iso").is_some_and(|rest| rest.len() <= 1);
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [area, place, count] => AREAS.contains(&area) && word(place) && number(count),
        [area, part, place, count] => {
            AREAS.contains(&area) && word(part) && special(part) && word(place) && number(count)
        }
        _ => false,
    }
}

/// Whether it is the address of a certificate that signs the messages of that region.
pub(super) fn is_signing_certificate(url: &str, region: &str) -> bool {
    let start = format!("https://{}/SimpleNotificationService-", host(region));
    url.strip_prefix(&start)
        .and_then(|rest| rest.strip_suffix(".pem"))
        .is_some_and(|name| name.len() == 32 && name.bytes().all(|c| c.is_ascii_alphanumeric()))
}

/// Whether it is the address of a certificate of Amazon's authority. Without TLS as well: what comes from there is
/// trusted for its signatures only.
pub(super) fn is_authority_certificate(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some((host, path)) = rest.and_then(|rest| rest.split_once('/')) else { return false };
    let name = host.strip_prefix("crt.").and_then(|rest| rest.strip_suffix(".amazontrust.com"));
    let plain_name = |name: &str| name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let plain_path = path.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    name.is_some_and(|name| !name.is_empty() && plain_name(name)) && (1..=100).contains(&path.len()) && plain_path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_amazons_regions() {
        for region in ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "us-iso-east-1", "ap-southeast-10", "cn-north-1"]
        {
            assert_eq!(region_of(&format!("arn:aws:sns:{region}:123456789012:alarms")), Some(region));
        }
        for region in [
            "",
            "s3-us-west-2",
            "execute-api",
            "eu-west-",
            "eu-west-1-x",
            "EU-west-1",
            "eu-west-1.evil",
            "eu-isobb-west-1",
        ] {
            assert_eq!(region_of(&format!("arn:aws:sns:{region}:123456789012:alarms")), None, "{region}");
        }
        for topic in
            ["", "arn:aws:sns:eu-west-1", "arn:aws:sqs:eu-west-1:123456789012:alarms", "x:aws:sns:eu-west-1:1:a"]
        {
            assert_eq!(region_of(topic), None, "{topic}");
        }
    }

    #[test]
    fn only_certificates_of_amazons_authority_are_asked_for() {
        for url in ["http://crt.r2m02.amazontrust.com/r2m02.cer", "https://crt.rootca1.amazontrust.com/rootca1.cer"] {
            assert!(is_authority_certificate(url), "{url}");
        }
        for url in [
            "http://crt.amazontrust.com/a.cer",
            "http://crt..amazontrust.com/a.cer",
            "http://crt.a.b.amazontrust.com/a.cer",
            "http://crt.a.amazontrust.com.evil.example/a.cer",
            "http://crt.a.amazontrust.com:8080/a.cer",
            "http://crt.a@evil.amazontrust.com/a.cer",
            "http://crt.A.amazontrust.com/a.cer",
            "http://crt.a.amazontrust.com/a/../b.cer",
            "http://crt.a.amazontrust.com/a.cer?x=1",
            "http://crt.a.amazontrust.com/",
            "http://crt.a.amazontrust.com",
            "ftp://crt.a.amazontrust.com/a.cer",
        ] {
            assert!(!is_authority_certificate(url), "{url}");
        }
    }
}
