//! Example deliveries, the plainest of each kind first.

use crate::integration::Sample;

pub(super) static CLOUDWATCH: &[Sample] = &[];
pub(super) static ECS: &[Sample] = &[];
