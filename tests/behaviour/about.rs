//! What a breaker tells of itself: its dependency, and a note for the person on call.

use breaker_runtime::{CircuitBreaker, Settings};

static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new().consecutive(1))
    .dependency("smtp_relay")
    .note("queued mail is sent later;\nnobody has to be woken");

#[test]
fn dependency_and_note_travel_into_report_and_event() {
    MAIL.try_acquire().unwrap().failure_with(&"connection refused");
    let change = MAIL.history().pop().unwrap();
    assert_eq!(change.breaker, MAIL.about());
    assert_eq!((change.breaker.dependency, change.breaker.at.file()), (Some("smtp_relay"), file!()));
    let report = format!("{:#}", change.report().unwrap());
    assert!(report.contains("\n  depends on: smtp_relay\n"), "{report}");
    assert!(report.contains("\n  note:       queued mail is sent later;\\nnobody has to be woken\n"), "{report}");
}

#[test]
fn a_breaker_without_them_prints_none() {
    let breaker = CircuitBreaker::builder("plain").settings(Settings::new().consecutive(1)).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    let report = format!("{:#}", breaker.snapshot().last_trip.unwrap());
    assert!(!report.contains("depends on") && !report.contains("note"), "{report}");
}

#[test]
fn a_developer_who_prints_them_sees_which_they_are() {
    let breaker = CircuitBreaker::builder("plain").build().unwrap();
    let permit = breaker.try_acquire().unwrap();
    assert_eq!(format!("{breaker:?}"), "CircuitBreaker { name: \"plain\", state: Closed, .. }");
    assert_eq!(format!("{permit:?}"), "Permit { breaker: \"plain\", .. }");
    permit.success();
}
